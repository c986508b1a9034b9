/** Responsible for the list of workers: which are present, how busy they are, their capabilities, and when each was last heard. */
import type { Worker } from '@modelreins/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { client } from '../../api/client.ts'
import { pages, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { PresenceBadge, TierBadge } from '../../parts/badge.tsx'
import { LinkButton } from '../../parts/button.tsx'
import { Empty, ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { Rows } from '../../parts/rows.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural, Time } from '../../parts/time.tsx'
import { byMachine, isMachine, type Machine, type WorkerRow } from './machines.ts'

const columns = 'grid-cols-[minmax(0,1fr)_auto] md:grid-cols-[minmax(0,12rem)_6rem_5rem_minmax(0,10rem)_minmax(0,1fr)_7rem]'

function Capabilities({ worker }: { readonly worker: Worker }) {
  const [first, ...rest] = worker.capabilities
  if (first === undefined) return <span className="text-soft">none declared</span>
  return (
    <span className="flex min-w-0 items-center gap-1.5">
      <span className="truncate foreign">{first.name}</span>
      <TierBadge tier={first.risk_tier} />
      {rest.length === 0 ? null : <span className="text-sm whitespace-nowrap text-soft">and {rest.length} more</span>}
    </span>
  )
}

function Cells({ worker, narrow }: { readonly worker: WorkerRow; readonly narrow: boolean }) {
  const state = <PresenceBadge state={worker.state} paused={worker.paused} revoked={worker.revoked_at !== null} />
  const name = (
    <Link
      to="/workers/$workerId"
      params={{ workerId: worker.worker_id }}
      tabIndex={-1}
      className="block truncate font-medium foreign hover:underline"
    >
      {worker.name}
    </Link>
  )
  const slots = worker.presence?.slots ?? 0
  if (narrow) {
    return (
      <>
        <span role="gridcell" className="min-w-0">
          {name}
          <span className="flex min-w-0 gap-2 text-sm text-soft">
            <Capabilities worker={worker} />
          </span>
        </span>
        <span role="gridcell">{state}</span>
      </>
    )
  }
  const model = [worker.presence?.provider, worker.presence?.model].filter((word) => word != null).join(' ')
  return (
    <>
      <span role="gridcell" className="min-w-0">
        {name}
      </span>
      <span role="gridcell">{state}</span>
      <span role="gridcell" className="text-soft">
        {worker.state === 'offline' ? '–' : `${worker.running} of ${slots}`}
      </span>
      <span role="gridcell" className="truncate text-soft foreign">
        {model === '' ? worker.kind : model}
      </span>
      <span role="gridcell" className="min-w-0">
        <Capabilities worker={worker} />
      </span>
      <span role="gridcell" className="text-soft">
        <Time at={worker.last_seen} none="never" />
      </span>
    </>
  )
}

function MachineCells({ machine: { machine, workers, there, running, slots } }: { readonly machine: Machine }) {
  return (
    <span role="gridcell" className="col-span-full flex min-w-0 flex-wrap items-baseline gap-x-3">
      <span className="truncate font-semibold foreign">{machine === '' ? 'Machine unknown' : oneLine(machine, 120)}</span>
      <span className="text-sm text-soft">
        {plural(workers, 'worker')}, {there} there, {running} of {plural(slots, 'slot')} busy
      </span>
    </span>
  )
}

const rank = { deaf: 0, parked: 0, busy: 1, idle: 2, online: 2, offline: 3 } as const

export function Workers() {
  const search = useSearch({ from: '/workers' })
  const navigate = useNavigate({ from: '/workers' })
  const mayManage = useMay('workers.manage')
  const revoked = search.show === 'revoked'
  const list = useInfiniteQuery(
    pages(
      ['workers.list', 'pages', revoked],
      (cursor, signal) =>
        client.call(
          'workers.list',
          { limit: 200, ...(revoked ? { include_revoked: true } : {}), ...(cursor === undefined ? {} : { cursor }) },
          { signal },
        ),
      (worker) => worker,
    ),
  )
  const presence = useOperation('presence.list', {})
  const items = useMemo((): readonly WorkerRow[] => {
    const there = new Map((presence.data?.items ?? []).map((one) => [one.worker_id, one]))
    const query = (search.q ?? '').toLowerCase()
    return (list.data?.pages.flatMap((page) => page.items) ?? [])
      .filter(
        (worker) =>
          query === '' ||
          worker.name.toLowerCase().includes(query) ||
          there.get(worker.worker_id)?.machine?.toLowerCase().includes(query) === true ||
          worker.capabilities.some((one) => one.name.toLowerCase().includes(query)),
      )
      .map((worker) => ({ ...worker, presence: there.get(worker.worker_id) }))
      .toSorted(
        (one, other) =>
          Number(one.revoked_at !== null) - Number(other.revoked_at !== null) ||
          rank[one.state] - rank[other.state] ||
          one.name.localeCompare(other.name),
      )
  }, [list.data, presence.data, search.q])
  const { fetchNextPage, isFetchingNextPage, hasNextPage } = list
  const loadMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [fetchNextPage, isFetchingNextPage])
  const grouped = search.group === 'machine'
  const rows = useMemo((): readonly (WorkerRow | Machine)[] => (grouped ? byMachine(items) : items), [grouped, items])
  const live = items.filter((worker) => worker.state !== 'offline').length
  return (
    <Screen
      title="Workers"
      lead={list.isPending ? undefined : `${plural(items.length, 'worker')}${hasNextPage ? ' so far' : ''}, ${live} there.`}
      actions={
        mayManage ? (
          <LinkButton look="primary" to="/workers/register">
            Register worker
          </LinkButton>
        ) : undefined
      }
    >
      <div className="flex flex-wrap items-center gap-3">
        <input
          type="search"
          aria-label="Filter workers"
          placeholder="Name, capability, machine"
          className="field max-w-72"
          value={search.q ?? ''}
          onChange={(event) => void navigate({ search: { ...search, q: event.target.value }, replace: true })}
        />
        <label className="inline-flex min-h-9 items-center gap-2">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={revoked}
            onChange={(event) => void navigate({ search: { ...search, show: event.target.checked ? 'revoked' : '' }, replace: true })}
          />
          Revoked ones too
        </label>
        <label className="inline-flex min-h-9 items-center gap-2">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={grouped}
            onChange={(event) => void navigate({ search: { ...search, group: event.target.checked ? 'machine' : '' }, replace: true })}
          />
          Group by machine
        </label>
      </div>
      {list.isPending ? (
        <Skeleton label="Workers" rows={6} />
      ) : list.error !== null && items.length === 0 ? (
        <ErrorNotice error={list.error} what="Workers" retry={() => void list.refetch()} />
      ) : items.length === 0 ? (
        <Empty
          title={search.q === undefined ? 'No workers yet' : 'No worker matches'}
          action={mayManage ? <LinkButton to="/workers/register">Register a worker</LinkButton> : undefined}
        >
          A worker is a program on a machine of yours that takes jobs: with your keys, for your tenant alone.
        </Empty>
      ) : (
        <Rows
          label="Workers"
          items={rows}
          shown={items.length}
          idOf={(row) => (isMachine(row) ? `machine ${row.machine}` : row.worker_id)}
          columns={columns}
          header={['Name', 'State', 'Running', 'Runs', 'Capabilities', 'Last heard']}
          hasMore={hasNextPage}
          loadMore={loadMore}
          onOpen={(row) =>
            isMachine(row)
              ? void navigate({ search: { ...search, q: row.machine } })
              : void navigate({ to: '/workers/$workerId', params: { workerId: row.worker_id } })
          }
          row={(row, narrow) => (isMachine(row) ? <MachineCells machine={row} /> : <Cells worker={row} narrow={narrow} />)}
        />
      )}
    </Screen>
  )
}
