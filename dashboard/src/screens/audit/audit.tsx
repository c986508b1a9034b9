/** Responsible for the audit trail: who did what when, filtered, exported and verified. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useId, useMemo, type FormEvent } from 'react'
import type { AuditRow } from '@modelreins/contract'
import { client } from '../../api/client.ts'
import { pages } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { Button, buttonClass } from '../../parts/button.tsx'
import { Empty, ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { Rows } from '../../parts/rows.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { Heads } from './heads.tsx'
import { AskedRow } from './row.tsx'
import { Verify } from './verify.tsx'

const columns = 'grid-cols-[3.5rem_minmax(0,1fr)_auto] md:grid-cols-[4rem_7.5rem_minmax(0,10rem)_minmax(10rem,13rem)_minmax(0,1fr)]'

const names = ['actor', 'action', 'worker', 'job'] as const
const labels: Readonly<Record<(typeof names)[number], string>> = { actor: 'Actor', action: 'Action', worker: 'Worker', job: 'Job' }

function Filter() {
  const id = useId()
  const search = useSearch({ from: '/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const apply = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const word = (name: string): string => String(form.get(name) ?? '').trim()
    void navigate({
      search: {
        actor: word('actor'),
        action: word('action'),
        worker: word('worker'),
        job: word('job'),
        since: word('since'),
        until: word('until'),
      },
    })
  }
  return (
    <form key={JSON.stringify(search)} role="search" aria-label="Audit rows" className="flex flex-wrap items-end gap-3" onSubmit={apply}>
      {names.map((name) => (
        <div key={name} className="w-[calc(50%-0.375rem)] sm:w-30">
          <label htmlFor={`${id}-${name}`} className="mb-1 block text-sm font-medium">
            {labels[name]}
          </label>
          <input
            id={`${id}-${name}`}
            name={name}
            className="field"
            defaultValue={search[name] ?? ''}
            placeholder={name === 'action' ? 'job.start' : ''}
            inputMode={name === 'job' ? 'numeric' : 'text'}
          />
        </div>
      ))}
      {(['since', 'until'] as const).map((name) => (
        <div key={name} className="w-[calc(50%-0.375rem)] sm:w-46">
          <label htmlFor={`${id}-${name}`} className="mb-1 block text-sm font-medium">
            {name === 'since' ? 'Since' : 'Until'}
          </label>
          <input id={`${id}-${name}`} name={name} type="datetime-local" className="field" defaultValue={search[name] ?? ''} />
        </div>
      ))}
      <Button type="submit">Filter</Button>
    </form>
  )
}

const moment = (text: string | undefined): string | undefined => {
  const at = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

function List() {
  const search = useSearch({ from: '/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const filter = useMemo(() => {
    const since = moment(search.since)
    const until = moment(search.until)
    const job = Number(search.job)
    return {
      ...(search.actor === undefined ? {} : { actor: search.actor }),
      ...(search.action === undefined ? {} : { action: search.action }),
      ...(search.worker === undefined ? {} : { worker: search.worker }),
      ...(Number.isInteger(job) && job > 0 ? { job_id: job } : {}),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    }
  }, [search.actor, search.action, search.worker, search.job, search.since, search.until])
  const list = useInfiniteQuery({
    ...pages(
      ['audit.query', 'pages', filter],
      (cursor, signal) =>
        client.call('audit.query', { ...filter, order: 'desc', limit: 200, ...(cursor === undefined ? {} : { cursor }) }, { signal }),
      (row) => row,
    ),
    refetchInterval: false,
  })
  const items = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data])
  const { fetchNextPage, isFetchingNextPage, hasNextPage } = list
  const loadMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [fetchNextPage, isFetchingNextPage])
  const asked =
    search.row === undefined ? null : (
      <AskedRow asked={search.row} listed={items} onClose={() => void navigate({ search: { ...search, row: '' } })} />
    )
  if (list.isPending) return <Skeleton label="Audit rows" rows={8} />
  if (list.error !== null && items.length === 0)
    return <ErrorNotice error={list.error} what="Audit rows" retry={() => void list.refetch()} />
  return (
    <>
      {asked}
      {items.length === 0 ? (
        <Empty title="No row matches">
          Every change leaves one: a dispatch, a decision, a kill. Rows arrive here seconds after they were written.
        </Empty>
      ) : (
        <Rows
          label="Audit rows"
          items={items}
          idOf={(row) => row.seq}
          columns={columns}
          header={['Row', 'When', 'Who', 'Action', 'What']}
          hasMore={hasNextPage}
          loadMore={loadMore}
          onOpen={(row) => void navigate({ search: { ...search, row: String(row.seq) } })}
          row={(row, narrow) => <Cells row={row} narrow={narrow} />}
        />
      )}
    </>
  )
}

function Cells({ row, narrow }: { readonly row: AuditRow; readonly narrow: boolean }) {
  const search = useSearch({ from: '/audit' })
  const number = (
    <Link to="/audit" search={{ ...search, row: String(row.seq) }} tabIndex={-1} className="text-accent underline">
      {row.seq}
    </Link>
  )
  if (narrow) {
    return (
      <>
        <span role="gridcell">{number}</span>
        <span role="gridcell" className="min-w-0">
          <span className="block truncate font-medium">{row.action}</span>
          <span className="block truncate text-sm text-soft foreign">
            {row.actor.name}: {oneLine(row.summary, 120)}
          </span>
        </span>
        <span role="gridcell" className="text-sm text-soft">
          <Time at={row.at} />
        </span>
      </>
    )
  }
  return (
    <>
      <span role="gridcell">{number}</span>
      <span role="gridcell" className="truncate text-soft">
        <Time at={row.at} />
      </span>
      <span role="gridcell" className="truncate foreign">
        <span className="text-soft">{row.actor.kind}</span> {row.actor.name}
      </span>
      <span role="gridcell" className="truncate font-medium">
        {row.action}
      </span>
      <span role="gridcell" className="truncate text-soft foreign">
        {oneLine(row.summary)}
      </span>
    </>
  )
}

/** A hash chain has no gaps, so only the period of the filter applies to an export. */
function exportOf(search: { readonly since?: string; readonly until?: string }): string {
  const period = new URLSearchParams()
  for (const name of ['since', 'until'] as const) {
    const at = moment(search[name])
    if (at !== undefined) period.set(name, at)
  }
  return `/api/v1/audit/export${period.size === 0 ? '' : `?${period}`}`
}

export function Audit() {
  const search = useSearch({ from: '/audit' })
  const mayRead = useMay('audit.read')
  if (!mayRead) {
    return (
      <Screen title="Audit" narrow>
        <Notice>Your role may not read the audit trail. A reviewer, operator or owner may.</Notice>
      </Screen>
    )
  }
  return (
    <Screen
      title="Audit"
      actions={
        <a className={buttonClass('plain')} href={exportOf(search)} download="audit.ndjson">
          {moment(search.since) === undefined && moment(search.until) === undefined ? 'Export' : 'Export this period'}
        </a>
      }
    >
      <Verify />
      <Filter />
      <List />
      <Heads />
    </Screen>
  )
}
