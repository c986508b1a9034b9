/** Responsible for one thread: its turns, oldest first, and the actions continue, rename, archive, abort and delete. */
import type { Turn } from '@modelreins/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { client } from '../../api/client.ts'
import { Markdown } from '../../output/markdown.tsx'
import { Screen } from '../../frame/screen.tsx'
import { Badge, jobState } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { contextWords } from '../../parts/context-words.ts'
import { Facts, Panel } from '../../parts/facts.tsx'
import { LongText } from '../../parts/long-text.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { bytesWords, plural, Time } from '../../parts/time.tsx'
import { ThreadActions } from './thread-actions.tsx'

const jobLink = (id: number) => (
  <Link key={id} to="/jobs/$jobId" params={{ jobId: String(id) }} className="text-accent underline">
    Job {id}
  </Link>
)

const bytes = (text: string | null): number => (text === null ? 0 : new TextEncoder().encode(text).length)

function TurnView({ turn }: { readonly turn: Turn }) {
  const { word, tone } = jobState({ status: turn.status, hold: null, error: null })
  return (
    <section aria-label={`Prompt: ${oneLine(turn.prompt, 60)}`} className="flex flex-col gap-3">
      <div className="max-w-[85%] self-end rounded-lg bg-accent-wash px-4 py-2.5">
        <LongText text={turn.prompt} />
        <p className="mt-0.5 text-right text-sm text-soft">
          {turn.created_by === null ? '' : `${turn.created_by.replace(/^\w+:/, '')}, `}
          <Time at={turn.created_at} />
        </p>
      </div>
      <article aria-label={`Answer of job ${turn.job_id}`} className="card p-4">
        <p className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-soft">
          <Badge tone={tone}>{word}</Badge>
          <span className="min-w-0 truncate foreign">{turn.workers.length === 0 ? 'nobody yet' : turn.workers.join(', ')}</span>
          {jobLink(turn.job_id)}
          {turn.context === undefined ? null : <span>given {contextWords(turn.context)}</span>}
          <span className="ml-auto">
            {bytesWords(bytes(turn.prompt) + bytes(turn.answer))}
            {turn.truncated ? ' and more' : ''}
            {turn.ended_at === null ? null : (
              <>
                , <Time at={turn.ended_at} />
              </>
            )}
          </span>
        </p>
        {turn.answer === null ? <p className="text-soft">There is no answer yet. Its job says why.</p> : <Markdown text={turn.answer} />}
        {turn.truncated ? (
          <p className="mt-2 text-sm text-soft">This is the beginning: {jobLink(turn.job_id)} has the whole answer.</p>
        ) : null}
      </article>
    </section>
  )
}

export function Thread() {
  const { threadId } = useParams({ from: '/threads/$threadId' })
  const thread = useInfiniteQuery({
    queryKey: ['threads.get', 'pages', threadId],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      client.call('threads.get', { thread_id: threadId, limit: 50, ...(pageParam === undefined ? {} : { cursor: pageParam }) }, { signal }),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  })
  const newest = thread.data?.pages.at(-1)
  if (newest === undefined) {
    return (
      <Screen title="Thread">
        {thread.isPending ? (
          <Skeleton label="The thread" rows={4} />
        ) : (
          <ErrorNotice error={thread.error} what="This thread" retry={() => void thread.refetch()} />
        )}
      </Screen>
    )
  }
  const turns = thread.data?.pages.flatMap((page) => page.turns) ?? []
  const defaults = Object.entries(newest.defaults).map(([name, value]) => `${name} ${String(value)}`)
  return (
    <Screen
      title={oneLine(newest.title, 120)}
      badge={newest.archived ? <Badge>Archived</Badge> : undefined}
      actions={<ThreadActions key={newest.thread_id} thread={newest} />}
    >
      {thread.data?.pages.some((page) => page.archive === 'unavailable') === true ? (
        <Notice tone="warn" title="Older turns are missing">
          The archive could not be read just now. The turns are still stored: reload the page in a moment.
        </Notice>
      ) : null}
      <div className="grid gap-5 lg:grid-cols-[minmax(0,1fr)_18rem] lg:items-start">
        <div className="flex min-w-0 flex-col gap-5">
          {turns.length === 0 ? <p className="text-soft">Its jobs are older than what is kept here.</p> : null}
          {turns.map((turn) => (
            <TurnView key={turn.job_id} turn={turn} />
          ))}
          {thread.hasNextPage ? (
            <Button className="self-center" busy={thread.isFetchingNextPage} onClick={() => void thread.fetchNextPage()}>
              Show later turns
            </Button>
          ) : null}
        </div>
        <Panel title="Facts">
          <Facts
            rows={[
              ['Jobs', plural(newest.jobs, 'job')],
              ['Under way', newest.running],
              [
                thread.hasNextPage ? 'Text so far' : 'Text',
                bytesWords(turns.reduce((sum, turn) => sum + bytes(turn.prompt) + bytes(turn.answer), 0)),
              ],
              ['Workers', newest.workers.length === 0 ? 'nobody yet' : newest.workers.join(', ')],
              defaults.length === 0 ? undefined : ['Its jobs have', defaults.join(', ')],
              ['Begun', <Time key="begun" at={newest.created_at} />],
              ['Last activity', <Time key="last" at={newest.last_activity} />],
              [
                'Id',
                <code key="id" className="font-mono text-sm">
                  {newest.thread_id}
                </code>,
              ],
            ]}
          />
        </Panel>
      </div>
    </Screen>
  )
}
