/** Responsible for the list of threads: searched by words, archived or not, the latest activity first. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import type { Thread } from '@modelreins/contract'
import { client } from '../../api/client.ts'
import { pages } from '../../api/queries.ts'
import { Screen } from '../../frame/screen.tsx'
import { Badge } from '../../parts/badge.tsx'
import { Button, LinkButton } from '../../parts/button.tsx'
import { MoreList } from '../../parts/more-list.tsx'
import { Empty } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural, Time } from '../../parts/time.tsx'

const views = [
  { show: undefined, name: 'Open' },
  { show: 'running', name: 'Under way' },
  { show: 'archived', name: 'Archived' },
] as const

function Line({ thread }: { readonly thread: Thread }) {
  return (
    <li className="relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-sunken">
      <Link
        to="/threads/$threadId"
        params={{ threadId: thread.thread_id }}
        className="min-w-0 flex-1 basis-60 truncate font-medium foreign after:absolute after:inset-0"
      >
        {oneLine(thread.title, 200)}
      </Link>
      {thread.running === 0 ? null : <Badge tone="accent">{plural(thread.running, 'job')} under way</Badge>}
      {thread.archived ? <Badge>Archived</Badge> : null}
      <span className="flex min-w-0 gap-3 text-sm text-soft">
        <span>{plural(thread.jobs, 'job')}</span>
        <span className="max-w-52 truncate foreign">{thread.workers.join(', ')}</span>
        <Time at={thread.last_activity} />
      </span>
    </li>
  )
}

export function Threads() {
  const { q, show } = useSearch({ from: '/threads' })
  const navigate = useNavigate({ from: '/threads' })
  const filter = {
    ...(q === undefined ? {} : { text: q.slice(0, 120) }),
    ...(show === 'running' ? { running: true } : {}),
    archived: show === 'archived',
  }
  const list = useInfiniteQuery(
    pages(
      ['threads.list', 'pages', filter],
      (cursor, signal) => client.call('threads.list', { ...filter, limit: 50, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
      (thread) => thread,
    ),
  )
  const find = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const words = String(new FormData(event.currentTarget).get('q') ?? '').trim()
    void navigate({ search: { ...(show === undefined ? {} : { show }), q: words } })
  }
  return (
    <Screen
      title="Threads"
      lead="Conversations: the jobs that belong together, with their answers."
      actions={
        <LinkButton look="primary" to="/chat" search={{}}>
          New thread
        </LinkButton>
      }
    >
      <div className="flex flex-wrap items-end justify-between gap-3">
        <form key={q ?? ''} role="search" aria-label="Threads" className="flex flex-1 basis-72 gap-2" onSubmit={find}>
          <input
            type="search"
            name="q"
            aria-label="Title or id"
            placeholder="Title or id"
            maxLength={120}
            className="field min-w-0 sm:max-w-80"
            defaultValue={q ?? ''}
          />
          <Button type="submit">Find</Button>
        </form>
        <nav aria-label="Which threads" className="flex gap-1">
          {views.map((view) => (
            <Link
              key={view.name}
              to="/threads"
              search={{ ...(q === undefined ? {} : { q }), ...(view.show === undefined ? {} : { show: view.show }) }}
              activeOptions={{ exact: true, includeSearch: true }}
              aria-current={view.show === show ? 'page' : undefined}
              className="rounded-md px-3 py-1.5 text-soft hover:bg-sunken aria-[current=page]:bg-accent-wash aria-[current=page]:font-medium aria-[current=page]:text-accent"
            >
              {view.name}
            </Link>
          ))}
        </nav>
      </div>
      <MoreList
        label="Threads"
        list={list}
        className="card divide-y divide-line overflow-hidden"
        row={(thread) => <Line key={thread.thread_id} thread={thread} />}
        empty={<Nothing q={q} show={show} />}
      />
    </Screen>
  )
}

function Nothing({ q, show }: { readonly q: string | undefined; readonly show: string | undefined }) {
  if (q !== undefined) {
    return (
      <Empty
        title="No thread matches"
        action={
          <LinkButton to="/threads" search={show === undefined ? {} : { show }}>
            Show all
          </LinkButton>
        }
      >
        The words are looked for in titles and ids.
      </Empty>
    )
  }
  if (show === 'archived')
    return <Empty title="No thread is archived">Archive one on its page: it leaves the list and keeps its jobs.</Empty>
  if (show === 'running')
    return <Empty title="No thread has a job under way">A job that is queued, waits or runs brings its thread here.</Empty>
  return (
    <Empty
      title="There is no thread yet"
      action={
        <LinkButton to="/chat" search={{}}>
          Begin one in Chat
        </LinkButton>
      }
    >
      A job that is dispatched with <code className="font-mono">thread_id</code> begins one, and every prompt in Chat does.
    </Empty>
  )
}
