/** Responsible for the list of jobs: states as tabs, filters in the address, actions on many selected jobs. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo, useState, type FormEvent, type MouseEvent } from 'react'
import { useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { useKeys } from '../../frame/keys.ts'
import { Screen } from '../../frame/screen.tsx'
import { JobBadge } from '../../parts/badge.tsx'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Took, type BriefJob } from '../../parts/job-line.tsx'
import { Modal } from '../../parts/modal.tsx'
import { Empty, ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { Rows } from '../../parts/rows.tsx'
import { numberWords, plural, Time } from '../../parts/time.tsx'
import { BulkDialog, type Chosen, type Verb } from './bulk.tsx'
import { filterWords, jobNumber, readFilter, tabs, type JobSearch } from './filter.ts'
import { useJobRows } from './job-store.ts'
import { SavedViews } from './saved-views.tsx'

const columns = 'grid-cols-[1.5rem_2.25rem_minmax(0,1fr)_auto] md:grid-cols-[1.5rem_4rem_7.5rem_minmax(0,1fr)_9rem_5.5rem_7rem]'

function Selection(props: {
  readonly ids: ReadonlySet<number>
  readonly everything: boolean
  readonly onEverything: () => void
  readonly onClear: () => void
  readonly onVerb: (verb: Verb) => void
}) {
  const mayAbort = useMay('jobs.abort')
  const mayRetry = useMay('jobs.dispatch')
  if (props.ids.size === 0 && !props.everything) return null
  return (
    <div className="card flex flex-wrap items-center gap-2 px-4 py-2" role="region" aria-label="Selection">
      <span role="status" className="font-medium">
        {props.everything ? 'Everything that matches' : `${plural(props.ids.size, 'job')} selected`}
      </span>
      {props.everything ? null : <Button onClick={props.onEverything}>Select all that match</Button>}
      <Button look="quiet" onClick={props.onClear}>
        Clear
      </Button>
      <span className="ml-auto flex gap-2">
        {mayRetry ? <Button onClick={() => props.onVerb('retry')}>Retry...</Button> : null}
        {mayAbort ? (
          <Button look="danger" onClick={() => props.onVerb('abort')}>
            Abort...
          </Button>
        ) : null}
      </span>
    </div>
  )
}

function Tabs({ search, onChosen }: { readonly search: JobSearch; readonly onChosen: () => void }) {
  const { data } = useOperation('jobs.counts', {})
  const countOf = (status: string | undefined): number =>
    data === undefined || (status !== 'pending' && status !== 'running' && status !== 'retry') ? 0 : data[status]
  return (
    <nav aria-label="States" className="flex flex-wrap gap-1">
      {tabs.map((tab) => {
        const count = countOf(tab.status)
        return (
          <Link
            key={tab.name}
            to="/jobs"
            search={{ q: search.q ?? '', status: tab.status ?? '' }}
            activeOptions={{ exact: true, includeSearch: true }}
            aria-current={(search.status ?? undefined) === tab.status ? 'page' : undefined}
            onClick={onChosen}
            className="rounded-md px-3 py-1.5 text-soft hover:bg-sunken aria-[current=page]:bg-accent-wash aria-[current=page]:font-medium aria-[current=page]:text-accent"
          >
            {tab.name}{' '}
            {count === 0 ? null : (
              <span className="ml-0.5 rounded-full bg-sunken px-1.5 text-sm tabular-nums">
                {numberWords(count)}
                {count >= (data?.counted_to ?? count + 1) ? '+' : ''}
              </span>
            )}
          </Link>
        )
      })}
    </nav>
  )
}

function FilterWords({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal title="Filter words" onClose={onClose}>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5">
        {filterWords.map(({ word, example, about }) => (
          <div key={word} className="contents">
            <dt className="font-mono text-sm">{example}</dt>
            <dd className="text-soft">{about}</dd>
          </div>
        ))}
        <dt className="font-mono text-sm">12</dt>
        <dd className="text-soft">opens job 12</dd>
      </dl>
      <p className="mt-3 text-sm text-soft">
        A job must match every word. Put a value with spaces in quotes: <code className="font-mono">by:&quot;Rosa Diaz&quot;</code>.
      </p>
    </Modal>
  )
}

export function Jobs() {
  const search = useSearch({ from: '/jobs' })
  const navigate = useNavigate({ from: '/jobs' })
  const { filter, faults } = useMemo(() => readFilter(search), [search])
  const rows = useJobRows(filter)
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set())
  const [everything, setEverything] = useState(false)
  const [anchor, setAnchor] = useState<number | undefined>(undefined)
  const [verb, setVerb] = useState<Verb | undefined>(undefined)
  const mayChoose = useMay('jobs.abort')
  const [typed, setTyped] = useState(search.q ?? '')
  const [explained, setExplained] = useState(false)
  // A saved view, the palette and the back button change the address, and the field must follow it.
  useEffect(() => setTyped(search.q ?? ''), [search.q])
  const clear = (): void => {
    setSelected(new Set())
    setEverything(false)
  }
  useKeys(
    [
      { keys: '/', what: 'Filter the list', group: 'Jobs', run: () => document.querySelector<HTMLInputElement>('#job-filter')?.focus() },
      { keys: 'x', what: 'Select the row', group: 'Jobs', run: () => undefined },
    ],
    [],
  )
  const apply = (event: FormEvent): void => {
    event.preventDefault()
    clear()
    const job = jobNumber(typed)
    if (job !== undefined) void navigate({ to: '/jobs/$jobId', params: { jobId: job } })
    else void navigate({ search: { ...search, q: typed.trim() }, replace: true })
  }
  const toggle = (job: BriefJob, withShift: boolean): void => {
    setEverything(false)
    const next = new Set(selected)
    const from = rows.items.findIndex((row) => row.id === anchor)
    const to = rows.items.findIndex((row) => row.id === job.id)
    const range = withShift && from !== -1 ? rows.items.slice(Math.min(from, to), Math.max(from, to) + 1) : [job]
    const add = !selected.has(job.id)
    for (const row of range) {
      if (add) next.add(row.id)
      else next.delete(row.id)
    }
    setAnchor(job.id)
    setSelected(next)
  }
  const all = useMemo((): Chosen => ({ kind: 'filter', filter }), [filter])
  const chosen: Chosen = everything ? all : { kind: 'ids', jobs: rows.items.filter((job) => selected.has(job.id)) }
  const open = (job: BriefJob): void => void navigate({ to: '/jobs/$jobId', params: { jobId: String(job.id) } })
  return (
    <Screen
      title="Jobs"
      actions={
        useMay('jobs.dispatch') ? (
          <LinkButton look="primary" to="/chat">
            Dispatch a job
          </LinkButton>
        ) : undefined
      }
    >
      <div className="flex flex-wrap items-center gap-3">
        <Tabs search={search} onChosen={clear} />
        <form onSubmit={apply} role="search" className="ml-auto flex w-full min-w-0 gap-2 sm:w-auto">
          <input
            id="job-filter"
            type="search"
            aria-label="Filter"
            placeholder="worker:name, or a job's number"
            className="field min-w-0 sm:w-72"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
          <Button type="submit">Filter</Button>
          <Button look="quiet" aria-label="Filter words" onClick={() => setExplained(true)}>
            ?
          </Button>
        </form>
      </div>
      <SavedViews search={search} onChosen={clear} />
      {explained ? <FilterWords onClose={() => setExplained(false)} /> : null}
      {faults.length === 0 ? null : <Notice tone="warn">{faults.join(' ')}</Notice>}
      <Selection ids={selected} everything={everything} onEverything={() => setEverything(true)} onClear={clear} onVerb={setVerb} />
      <div role="status" className="self-center empty:hidden">
        {rows.fresh > 0 ? (
          <Button onClick={rows.showFresh}>Show {rows.fresh >= 50 ? '50 or more new jobs' : plural(rows.fresh, 'new job')}</Button>
        ) : null}
      </div>
      {rows.isPending ? (
        <Skeleton label="Jobs" rows={8} />
      ) : rows.error !== null && rows.items.length === 0 ? (
        <ErrorNotice error={rows.error} what="Jobs" retry={rows.retry} />
      ) : rows.items.length === 0 ? (
        <Empty
          title={Object.keys(filter).length === 0 ? 'No jobs yet' : 'No job matches'}
          action={
            Object.keys(filter).length === 0 ? (
              <LinkButton to="/chat">Open Chat</LinkButton>
            ) : (
              <LinkButton to="/jobs">Show all jobs</LinkButton>
            )
          }
        >
          {Object.keys(filter).length === 0
            ? 'A job is a prompt that one of your workers runs. Dispatch one from Chat, from the command line, or by the API.'
            : 'Jobs that match the filter appear here as they are dispatched.'}
        </Empty>
      ) : (
        <Rows
          label="Jobs"
          items={rows.items}
          idOf={(job) => job.id}
          columns={columns}
          header={['', 'Job', 'State', 'Prompt', 'Worker', 'Took', 'Dispatched']}
          hasMore={rows.hasMore}
          loadMore={rows.loadMore}
          onOpen={open}
          onKey={(key, job, event) => {
            if (mayChoose && (key === 'x' || key === 'X' || key === ' ')) {
              event.preventDefault()
              toggle(job, event.shiftKey)
            }
          }}
          isMarked={(job) => everything || selected.has(job.id)}
          row={(job, narrow) => (
            <JobCells
              job={job}
              narrow={narrow}
              marked={everything || selected.has(job.id)}
              {...(mayChoose ? { onMark: (event: MouseEvent) => toggle(job, event.shiftKey) } : {})}
            />
          )}
        />
      )}
      {verb === undefined ? null : (
        <BulkDialog
          verb={verb}
          chosen={chosen}
          onClose={(done) => {
            setVerb(undefined)
            if (done) clear()
          }}
        />
      )}
    </Screen>
  )
}

function JobCells({
  job,
  narrow,
  marked,
  onMark,
}: {
  readonly job: BriefJob
  readonly narrow: boolean
  readonly marked: boolean
  readonly onMark?: (event: MouseEvent) => void
}) {
  const mark = (
    <span role="gridcell" className="grid size-6 place-items-center">
      {onMark === undefined ? null : (
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Select job ${job.id}`}
          checked={marked}
          onChange={() => undefined}
          onClick={onMark}
          className="size-4 accent-accent"
        />
      )}
    </span>
  )
  const prompt = (
    <Link to="/jobs/$jobId" params={{ jobId: String(job.id) }} tabIndex={-1} className="block truncate font-medium foreign hover:underline">
      {job.line}
    </Link>
  )
  const took = <Took job={job} />
  if (narrow) {
    return (
      <>
        {mark}
        <span role="gridcell" className="text-sm text-soft">
          {job.id}
        </span>
        <span role="gridcell" className="min-w-0">
          {prompt}
          <span className="flex min-w-0 gap-2 text-sm text-soft">
            <span className="truncate foreign">{job.assigned_to ?? 'unassigned'}</span>
            <Time at={job.created_at} />
          </span>
        </span>
        <span role="gridcell">
          <JobBadge job={job} />
        </span>
      </>
    )
  }
  return (
    <>
      {mark}
      <span role="gridcell" className="text-soft">
        {job.id}
      </span>
      <span role="gridcell" className="min-w-0">
        <JobBadge job={job} />
      </span>
      <span role="gridcell" className="min-w-0">
        {prompt}
      </span>
      <span role="gridcell" className="truncate text-soft foreign">
        {job.assigned_to ?? '–'}
      </span>
      <span role="gridcell" className="text-soft">
        {took}
      </span>
      <span role="gridcell" className="text-soft">
        <Time at={job.created_at} />
      </span>
    </>
  )
}
