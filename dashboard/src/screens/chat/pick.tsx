/** Responsible for picking one worker's answer as the answer of a fan-out. It explains the effect first, because a pick cannot be changed. */
import type { Job } from '@modelreins/contract'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Button } from '../../parts/button.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { plural } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

const open = ({ status }: Pick<Job, 'status'>): boolean => status !== 'done' && status !== 'failed'

/** `family`: children and merge job. */
export function PickButton({ parent, child, family }: { readonly parent: Job; readonly child: Job; readonly family: readonly Job[] }) {
  const mayDispatch = useMay('jobs.dispatch')
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const may = mayDispatch && parent.status !== 'failed' && parent.merge?.picked === undefined
  if (!may || child.status !== 'done' || child.result === null || child.result === '') return null
  const worker = child.assigned_to ?? `job ${child.id}`
  const aborted = family.filter(open).length
  const pick = async (): Promise<void> => {
    setBusy(true)
    try {
      await client.call('jobs.pick', { job_id: parent.id, child_id: child.id })
      say(`The answer of ${worker} is the answer of job ${parent.id}.`)
      await refresh('jobs', 'threads')
      setAsking(false)
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button
        look="quiet"
        className="min-h-8 px-2! text-sm text-accent!"
        aria-label={`Pick this as answer: ${worker}`}
        onClick={() => setAsking(true)}
      >
        Pick this as answer
      </Button>
      {asking ? (
        <Modal title={`Pick the answer of ${worker}`} onClose={() => setAsking(false)}>
          <p className="foreign">
            It becomes the answer of job {parent.id}
            {parent.status === 'done' && parent.result !== null ? ', in place of the one that it has now' : ''}
            {parent.thread_id === null ? '' : ', and of its turn in the thread'}. The audit trail records who picked it. Only one pick is
            possible.
          </p>
          {aborted === 0 ? null : (
            <p className="mt-2 font-semibold text-bad">
              {plural(aborted, 'job')} of this fan-out that {aborted === 1 ? 'is' : 'are'} still running or waiting would be aborted.
            </p>
          )}
          <Choices leave="Leave it" onLeave={() => setAsking(false)}>
            <Button look="primary" busy={busy} onClick={() => void pick()}>
              {aborted === 0 ? 'Pick it' : `Pick it, abort ${plural(aborted, 'job')}`}
            </Button>
          </Choices>
        </Modal>
      ) : null}
    </>
  )
}
