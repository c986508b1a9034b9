/** Responsible for the button that continues from the answer of one job: in its thread, or in a new one. */
import type { Job } from '@modelreins/contract'
import { useNavigate } from '@tanstack/react-router'
import { useMay, useMe } from '../../api/session.ts'
import { Button } from '../../parts/button.tsx'
import { draftKey } from './draft.ts'
import { changeDraft } from './use-draft.ts'

/** Id of the prompt's field, for code that moves the focus there. */
export const promptField = 'chat-prompt'

/** `thread`: the thread of the fan-out that the job belongs to, if any. */
interface Props {
  readonly job: Job
  readonly thread: string | null
  /** Small version, for a card with other buttons beside it. */
  readonly small?: boolean
}

export function ContinueButton({ job, thread, small = false }: Props) {
  const me = useMe()
  const navigate = useNavigate()
  const mayDispatch = useMay('jobs.dispatch')
  if (!mayDispatch || job.status !== 'done' || (job.result ?? job.output) === '') return null
  const worker = job.assigned_to ?? `job ${job.id}`
  const go = async (): Promise<void> => {
    changeDraft(draftKey(me, thread ?? ''), { from: String(job.id), from_worker: worker })
    await navigate({ to: '/chat', search: thread === null ? {} : { thread } })
    requestAnimationFrame(() => document.getElementById(promptField)?.focus())
  }
  return (
    <Button {...(small ? { look: 'quiet', className: 'min-h-8 px-2! text-sm text-accent!' } : {})} onClick={() => void go()}>
      Continue with {worker}&rsquo;s answer
    </Button>
  )
}
