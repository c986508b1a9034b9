/** Responsible for Chat: threads at the left, the conversation, and the message that is being written. */
import type { Job } from '@modelreins/contract'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { LinkButton } from '../../parts/button.tsx'
import { LongText } from '../../parts/long-text.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { sentence } from '../../api/client.ts'
import { AbortThread } from './abort-thread.tsx'
import { AnswerCard } from './answer-card.tsx'
import { Composer } from './composer.tsx'
import { promptField } from './continue.tsx'
import { draftKey, sent } from './draft.ts'
import { useDraft } from './use-draft.ts'
import { FanOut, sideBySide } from './fan-out.tsx'
import { faultsOf, isFaulty, requestOf } from './request.ts'
import { turnsOf, type Turn } from './turns.ts'

const newId = (letter: string): string =>
  `${letter}-${crypto.getRandomValues(new Uint32Array(2)).reduce((text, part) => text + part.toString(36), '')}`

/** Placeholder id for a thread that does not exist yet, used by the preview of its first job. It is constant, so that the answer can be cached. */
const newThread = 't-preview'

function Threads({ current }: { readonly current: string }) {
  const { data } = useOperation('jobs.list', { limit: 200 })
  const threads = useMemo(() => {
    const found = new Map<string, Job>()
    for (const job of data?.items ?? []) if (job.thread_id !== null && !found.has(job.thread_id)) found.set(job.thread_id, job)
    return [...found]
  }, [data])
  return (
    <aside className="flex min-w-0 flex-col gap-2 lg:sticky lg:top-18">
      <LinkButton to="/chat" search={{}} className="w-full">
        New thread
      </LinkButton>
      {threads.length === 0 ? null : (
        <nav aria-label="Threads" className="card flex overflow-x-auto lg:max-h-[calc(100dvh-10rem)] lg:flex-col lg:overflow-y-auto">
          {threads.map(([id, job]) => (
            <Link
              key={id}
              to="/chat"
              search={{ thread: id }}
              aria-current={id === current ? 'true' : undefined}
              className="block min-w-44 border-line px-3 py-2 not-last:border-r hover:bg-sunken aria-[current=true]:bg-accent-wash lg:min-w-0 lg:not-last:border-r-0 lg:not-last:border-b"
            >
              <span className="line-clamp-1 font-medium foreign">{oneLine(job.prompt, 80)}</span>
              <span className="text-sm text-soft">
                <Time at={job.created_at} />
              </span>
            </Link>
          ))}
        </nav>
      )}
      <LinkButton look="quiet" to="/threads" className="w-full">
        All threads
      </LinkButton>
    </aside>
  )
}

function TurnView({ turn }: { readonly turn: Turn }) {
  return (
    <section aria-label={`Prompt: ${oneLine(turn.prompt, 60)}`} className="flex flex-col gap-3">
      <div className="max-w-[85%] self-end rounded-lg bg-accent-wash px-4 py-2.5">
        <LongText text={turn.prompt} />
        <p className="mt-0.5 text-right text-sm text-soft">
          <Time at={turn.at} />
        </p>
      </div>
      <div className={turn.jobs.length === 1 ? 'flex flex-col gap-3' : sideBySide}>
        {turn.jobs.map((job) => (job.kind === 'fan_out' ? <FanOut key={job.id} job={job} /> : <AnswerCard key={job.id} job={job} />))}
      </div>
    </section>
  )
}

export function Chat() {
  const me = useMe()
  const { thread = '' } = useSearch({ from: '/chat' })
  const navigate = useNavigate({ from: '/chat' })
  const mayDispatch = useMay('jobs.dispatch')
  const [draft, change] = useDraft(draftKey(me, thread))
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState('')
  const jobs = useOperation('jobs.list', { thread_id: thread, limit: 200 }, { enabled: thread !== '' })
  const turns = useMemo(() => turnsOf(thread === '' ? [] : (jobs.data?.items ?? [])), [jobs.data, thread])
  const running = turns.flatMap((turn) => turn.jobs).filter((job) => job.ended_at === null).length
  const end = useRef<HTMLDivElement>(null)
  const shown = turns.length > 0 ? thread : ''
  // A conversation opens at its end.
  useEffect(() => {
    if (shown === '' || end.current === null) return
    // On a phone the choices fill the screen: there the last answer and the prompt are scrolled into view.
    const prompt = end.current.offsetHeight > innerHeight * 0.75 ? document.getElementById(promptField) : null
    if (prompt === null) end.current.scrollIntoView({ block: 'end' })
    else prompt.scrollIntoView({ block: 'center' })
  }, [shown, turns.length])
  const send = async (): Promise<void> => {
    if (busy || draft.prompt.trim() === '') return
    if (isFaulty(faultsOf(draft))) {
      // The field itself shows the fault.
      end.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
      return
    }
    setBusy(true)
    setFault('')
    const id = thread === '' ? newId('t') : thread
    try {
      // If the connection breaks and the call is repeated, the key finds the job that was already created.
      await client.call('jobs.dispatch', { ...requestOf(draft, id, turns.length > 0), idempotency_key: newId('press') })
      change(sent)
      await refresh('jobs', 'presence')
      if (thread === '') await navigate({ search: { thread: id } })
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Screen title="Chat" actions={thread !== '' && turns.length > 0 ? <AbortThread thread={thread} running={running} /> : undefined}>
      <div className="grid gap-5 lg:grid-cols-[14rem_minmax(0,1fr)] lg:items-start">
        <Threads current={thread} />
        <div className="flex min-w-0 flex-col gap-5">
          {thread !== '' && jobs.isPending ? <Skeleton label="The thread" rows={3} /> : null}
          {jobs.error === null || thread === '' ? null : (
            <ErrorNotice error={jobs.error} what="The thread" retry={() => void jobs.refetch()} />
          )}
          {turns.map((turn) => (
            <TurnView key={turn.key} turn={turn} />
          ))}
          {fault === '' ? null : (
            <Notice tone="bad" title="It was not sent" live>
              {fault}
            </Notice>
          )}
          <div ref={end} className="scroll-mb-20 lg:scroll-mb-6">
            {mayDispatch ? (
              <Composer
                draft={draft}
                onChange={change}
                onSend={() => void send()}
                busy={busy}
                thread={thread}
                request={requestOf({ ...draft, prompt: 'preview' }, thread === '' ? newThread : thread, false)}
              />
            ) : (
              <Notice>Your role may read conversations, not begin them. An operator or owner may dispatch.</Notice>
            )}
          </div>
        </div>
      </div>
    </Screen>
  )
}
