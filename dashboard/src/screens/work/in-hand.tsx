/** Responsible for a job that a person has in hand: their result, streamed notes, files, and the four ways to end it. */
import type { PersonClaim, WorkJob } from '@modelreins/contract'
import { useId, useRef, useState, type FormEvent } from 'react'
import { client, ModelReinsError, sentence } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMe } from '../../api/session.ts'
import { useJobOutput } from '../../output/job-output.ts'
import { Markdown } from '../../output/markdown.tsx'
import { Terminal } from '../../output/terminal.tsx'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { Notice } from '../../parts/notices.tsx'
import { bytesWords, Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import { useResultDraft } from './draft.ts'
import { Files } from './files.tsx'

interface Props {
  readonly work: WorkJob
  readonly claim: PersonClaim
}

/** The default deadline is weeks away: it is shown only when it comes before the job would go back anyway. */
function Deadlines({ claim }: { readonly claim: PersonClaim }) {
  const deadline = claim.deadline_at < claim.hand_back_at
  return (
    <Notice tone={claim.reminded ? 'warn' : 'plain'} title={claim.reminded ? 'A reminder: you have this in hand' : 'You have this in hand'}>
      Started <Time at={claim.since} />.{' '}
      {deadline ? (
        <>
          It must be done by <Time at={claim.deadline_at} />.
        </>
      ) : (
        <>
          It stays yours while you open the dashboard from time to time. Otherwise it goes back to the queue{' '}
          <Time at={claim.hand_back_at} />.
        </>
      )}
    </Notice>
  )
}

function Notes({ work, claim }: Props) {
  const id = useId()
  const output = useJobOutput(work.job.id, true)
  const shown = output.attempts.get(claim.attempt)
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (text.trim() === '') return
    setBusy(true)
    try {
      await client.call('work.note', { job_id: work.job.id, attempt: claim.attempt, text: `${text.trimEnd()}\n` })
      setText('')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Panel title="Notes">
      {shown === undefined ? (
        <p className="text-soft">None yet. Notes are shown at once, as output of the job, to the people who wait for it.</p>
      ) : (
        <Terminal output={shown} version={shown.size + shown.lines.length} name={`notes-${work.job.id}`} live />
      )}
      <form onSubmit={(event) => void send(event)} className="mt-3 flex flex-wrap items-end gap-2">
        <div className="min-w-0 flex-1 basis-64">
          <label htmlFor={id} className="mb-1 block font-medium">
            Note
          </label>
          <textarea id={id} className="field h-16" maxLength={16_000} value={text} onChange={(event) => setText(event.target.value)} />
        </div>
        <Button type="submit" busy={busy} disabled={text.trim() === ''}>
          Add note
        </Button>
      </form>
    </Panel>
  )
}

/** The server's limit in bytes, repeated here because the contract's tables are not loaded; the server refuses larger files in any case. */
const largest = 95 * 1024 * 1024

function Attach({ work }: { readonly work: WorkJob }) {
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState('')
  const send = async (files: readonly File[]): Promise<void> => {
    for (const file of files) {
      if (file.size > largest) {
        complain(new Error(`${file.name} is larger than ${bytesWords(largest)}. It was not attached.`))
        continue
      }
      setBusy(file.name)
      try {
        await client.uploadArtifact(file, { filename: file.name, jobId: work.job.id })
        say(`${file.name} is attached.`)
      } catch (error) {
        complain(error)
      }
    }
    setBusy('')
    if (field.current !== null) field.current.value = ''
    await refresh('work', 'artifacts')
  }
  return (
    <Panel title="Files">
      {work.files.length === 0 ? <p className="mb-2 text-soft">None yet.</p> : <Files files={work.files} />}
      <label htmlFor={id} className="mb-1 mt-2 block font-medium">
        Attach files
      </label>
      <input
        ref={field}
        id={id}
        type="file"
        multiple
        disabled={busy !== ''}
        className="field h-auto py-1.5 file:mr-3 file:min-h-8 file:rounded-md file:border file:border-edge file:bg-card file:px-3 file:text-ink"
        onChange={(event) => void send([...(event.target.files ?? [])])}
      />
      <p role="status" className="mt-1 text-sm text-soft foreign">
        {busy === '' ? '' : `Sending ${busy}…`}
      </p>
    </Panel>
  )
}

type Way = 'failed' | 'hand_back' | 'escalate'
const ways: Readonly<Record<Way, { readonly name: string; readonly asks: string; readonly needed: boolean; readonly done: string }>> = {
  failed: { name: 'Failed', asks: 'Why it cannot be done. The job fails for good.', needed: true, done: 'is marked as failed' },
  hand_back: {
    name: 'Hand back',
    asks: 'Why, for whoever has it next. It goes back to the queue; your draft stays in this browser.',
    needed: false,
    done: 'is back in the queue',
  },
  escalate: {
    name: 'Escalate',
    asks: 'Why another member has to settle it. They see this, and your result so far.',
    needed: true,
    done: 'waits for another member',
  },
}

export function InHand({ work, claim }: Props) {
  const id = useId()
  const job_id = work.job.id
  const { attempt } = claim
  const [draft, setDraft] = useResultDraft(useMe(), job_id)
  const [preview, setPreview] = useState(false)
  const [way, setWay] = useState<Way | undefined>(undefined)
  const [reason, setReason] = useState('')
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const reasonField = useRef<HTMLTextAreaElement>(null)
  const end = async (act: () => Promise<unknown>, done: string, keepDraft: boolean): Promise<void> => {
    setBusy(true)
    setFault('')
    try {
      await act()
      if (!keepDraft) setDraft('')
      say(`Job ${job_id} ${done}.`)
    } catch (error) {
      const late = error instanceof ModelReinsError && (error.code === 'lease-lost' || error.code === 'wrong-state')
      setFault(late ? `Nothing was changed, and your draft is kept. ${sentence(error)}` : sentence(error))
      // Also as a toast: a job that is no longer in hand has no place on this screen.
      if (late) complain(error)
    } finally {
      setBusy(false)
      await refresh('work', 'jobs', 'reviews')
    }
  }
  const finish = (): Promise<void> => end(() => client.call('work.done', { job_id, attempt, result: draft }), 'is done', false)
  const other = (chosen: Way): void => {
    if (way !== chosen) {
      setWay(chosen)
      setFault('')
      requestAnimationFrame(() => reasonField.current?.focus())
      return
    }
    const words = reason.trim()
    if (ways[chosen].needed && words === '') {
      setFault('Enter a reason; the people who wait for this job read it.')
      reasonField.current?.focus()
      return
    }
    const input = { job_id, attempt }
    const act = {
      failed: () => client.call('work.failed', { ...input, reason: words }),
      hand_back: () => client.call('work.hand_back', { ...input, ...(words === '' ? {} : { reason: words }) }),
      escalate: () => client.call('work.escalate', { ...input, reason: words, result: draft === '' ? null : draft }),
    }[chosen]
    void end(act, ways[chosen].done, chosen !== 'escalate')
  }
  return (
    <>
      <Deadlines claim={claim} />
      <section aria-label="Result" className="card flex flex-col gap-3 p-4">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <label htmlFor={`${id}-result`} className="text-lg font-semibold">
            Result <span className="text-base font-normal text-soft">(Markdown)</span>
          </label>
          <Button className="min-h-8 text-sm" aria-pressed={preview} disabled={draft === ''} onClick={() => setPreview(!preview)}>
            Preview
          </Button>
        </div>
        <textarea
          id={`${id}-result`}
          className="field h-48 font-mono text-sm"
          value={draft}
          placeholder="What came of it. It is kept in this browser until you send it."
          onChange={(event) => setDraft(event.target.value)}
        />
        {preview && draft !== '' ? (
          <div role="region" aria-label="Preview of the result" className="rounded-md border border-line p-3">
            <Markdown text={draft} />
          </div>
        ) : null}
        {fault === '' ? null : (
          <Notice tone="bad" live>
            {fault}
          </Notice>
        )}
        {way === undefined ? null : (
          <div>
            <label htmlFor={`${id}-reason`} className="mb-1 block font-medium">
              Reason <span className="font-normal text-soft">({ways[way].asks})</span>
            </label>
            <textarea
              ref={reasonField}
              id={`${id}-reason`}
              className="field h-20"
              maxLength={1_000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </div>
        )}
        <div className="flex flex-wrap gap-2">
          {way === undefined ? (
            <>
              <Button look="primary" className="min-h-11 flex-1 sm:flex-none sm:px-8" busy={busy} onClick={() => void finish()}>
                Done
              </Button>
              {(['failed', 'hand_back', 'escalate'] as const).map((one) => (
                <Button key={one} className="min-h-11" busy={busy} onClick={() => other(one)}>
                  {ways[one].name}
                </Button>
              ))}
            </>
          ) : (
            <>
              <Button className="min-h-11" onClick={() => setWay(undefined)}>
                Back
              </Button>
              <Button
                look={way === 'failed' ? 'danger' : 'primary'}
                className="min-h-11 flex-1 sm:flex-none sm:px-6"
                busy={busy}
                onClick={() => other(way)}
              >
                {ways[way].name}
              </Button>
            </>
          )}
        </div>
      </section>
      <Attach work={work} />
      <Notes work={work} claim={claim} />
    </>
  )
}
