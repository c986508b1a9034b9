/** Responsible for a member's actions on a thread; each dangerous button first says what it affects. */
import type { Thread } from '@modelreins/contract'
import { useNavigate } from '@tanstack/react-router'
import { useId, useState, type FormEvent } from 'react'
import { client } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { plural } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

type Asking = 'rename' | 'abort' | 'delete' | undefined

export function ThreadActions({ thread }: { readonly thread: Thread }) {
  const id = useId()
  const navigate = useNavigate()
  const mayDispatch = useMay('jobs.dispatch')
  const mayAbort = useMay('jobs.abort')
  const [asking, setAsking] = useState<Asking>(undefined)
  const [title, setTitle] = useState('')
  const [busy, setBusy] = useState(false)
  const ref = { thread_id: thread.thread_id }
  const act = async (work: () => Promise<string>): Promise<void> => {
    setBusy(true)
    try {
      say(await work())
      setAsking(undefined)
      await refresh('threads', 'jobs')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  const rename = (event: FormEvent): void => {
    event.preventDefault()
    void act(async () => {
      await client.call('threads.update', { ...ref, title: title.trim() })
      return 'The thread is renamed.'
    })
  }
  const archive = (): Promise<void> =>
    act(async () => {
      await client.call('threads.update', { ...ref, archived: !thread.archived })
      return thread.archived ? 'The thread is in the list again.' : 'The thread is archived: its jobs stay.'
    })
  const abort = (): Promise<void> =>
    act(async () => {
      let stopped = 0
      // One call aborts a limited number of jobs; the loop continues with the rest.
      for (;;) {
        const { job_ids, remaining } = await client.call('threads.abort', { ...ref, reason: 'aborted in the dashboard' })
        stopped += job_ids.length
        if (remaining === 0 || job_ids.length === 0) return `${plural(stopped, 'job')} aborted.`
      }
    })
  const remove = (): Promise<void> =>
    act(async () => {
      const { erased_jobs, complete } = await client.call('threads.delete', { ...ref, ...(thread.running > 0 ? { abort: true } : {}) })
      await navigate({ to: '/threads', search: {} })
      return `The thread and ${plural(erased_jobs, 'job')} are erased${complete ? '.' : '; files and the archive follow by themselves.'}`
    })
  const close = (): void => setAsking(undefined)
  return (
    <>
      {mayDispatch ? (
        <>
          <LinkButton look="primary" to="/chat" search={{ thread: thread.thread_id }}>
            Go on in Chat
          </LinkButton>
          <Button
            onClick={() => {
              setTitle(thread.title)
              setAsking('rename')
            }}
          >
            Rename...
          </Button>
          <Button busy={busy} onClick={() => void archive()}>
            {thread.archived ? 'Restore' : 'Archive'}
          </Button>
        </>
      ) : null}
      {mayAbort ? (
        <>
          <Button look="danger" disabled={thread.running === 0} onClick={() => setAsking('abort')}>
            Abort thread
          </Button>
          <Button onClick={() => setAsking('delete')}>Delete...</Button>
        </>
      ) : null}
      {asking === 'rename' ? (
        <Modal title="Rename the thread" onClose={close}>
          <form onSubmit={rename}>
            <label htmlFor={id} className="mb-1 block font-medium">
              Title
            </label>
            <input id={id} className="field" maxLength={120} required value={title} onChange={(event) => setTitle(event.target.value)} />
            <Choices leave="Leave it" onLeave={close}>
              <Button type="submit" look="primary" busy={busy} disabled={title.trim() === ''}>
                Rename
              </Button>
            </Choices>
          </form>
        </Modal>
      ) : null}
      {asking === 'abort' ? (
        <Modal title="Abort the thread" onClose={close}>
          <p>
            {plural(thread.running, 'job')} of this thread {thread.running === 1 ? 'has' : 'have'} not ended. What is queued never starts,
            and what runs is stopped.
          </p>
          <Choices leave="Let them run" onLeave={close}>
            <Button look="danger" busy={busy} onClick={() => void abort()}>
              Abort {plural(thread.running, 'job')}
            </Button>
          </Choices>
        </Modal>
      ) : null}
      {asking === 'delete' ? (
        <Modal title="Delete the thread" onClose={close}>
          <p>
            Prompts, answers, output, files and reviews of {plural(thread.jobs, 'job')} are erased wherever they are kept, the archive
            included. It cannot be undone. The audit trail keeps its rows, which hold none of it.
          </p>
          {thread.running === 0 ? null : (
            <p className="mt-2 font-semibold text-bad">{plural(thread.running, 'job')} under way would be aborted first.</p>
          )}
          <Choices leave="Keep it" onLeave={close}>
            <Button look="danger" busy={busy} onClick={() => void remove()}>
              Delete {plural(thread.jobs, 'job')}
            </Button>
          </Choices>
        </Modal>
      ) : null}
    </>
  )
}
