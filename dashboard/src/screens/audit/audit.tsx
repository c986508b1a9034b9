/** Responsible for the audit trail: who did what when, each row with the bytes its hash is over, and its verification. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useId, useMemo, useState, type FormEvent } from 'react'
import { canonicalJson, NotCanonical, type AuditRow } from '@modelreins/contract'
import { client } from '../../api/client.ts'
import { pages, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { Button, buttonClass } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Modal } from '../../parts/modal.tsx'
import { Empty, ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { Rows } from '../../parts/rows.tsx'
import { oneLine, spelledOut } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { sha256Hex } from '../reviews/digest.ts'
import { Signature } from '../reviews/signature.tsx'
import { Heads } from './heads.tsx'
import { Verify } from './verify.tsx'

const columns = 'grid-cols-[3.5rem_minmax(0,1fr)_auto] md:grid-cols-[4rem_7.5rem_minmax(0,10rem)_minmax(10rem,13rem)_minmax(0,1fr)]'

/** What the row's hash is over: the hash of the row before, and RFC 8785 of everything but the three fields made from it. */
function hashedText(row: AuditRow): string | undefined {
  const { prev_hash, hash: _hash, mac: _mac, ...draft } = row
  try {
    return prev_hash + canonicalJson(draft)
  } catch (error) {
    if (error instanceof NotCanonical) return undefined
    throw error
  }
}

function RowDialog({ row, onClose }: { readonly row: AuditRow; readonly onClose: () => void }) {
  const text = useMemo(() => hashedText(row), [row])
  const [computed, setComputed] = useState<string | undefined>(undefined)
  useEffect(() => {
    if (text !== undefined && isSecureContext) void sha256Hex(text).then(setComputed)
  }, [text])
  return (
    <Modal title={`Audit row ${row.seq}`} onClose={onClose} wide>
      <Facts
        rows={[
          ['When', <Time key="at" at={row.at} />],
          ['Who', `${row.actor.kind} ${row.actor.name} (${row.actor.id})`],
          ['Action', row.action],
          ['Subject', row.subject],
          ['Summary', row.summary],
          row.job_id === null
            ? undefined
            : [
                'Job',
                <Link key="job" to="/jobs/$jobId" params={{ jobId: String(row.job_id) }} className="text-accent underline">
                  {row.job_id}
                </Link>,
              ],
          row.capability === null
            ? undefined
            : ['Capability', `${row.capability}${row.risk_tier === null ? '' : `, tier ${row.risk_tier}`}`],
          row.digest === null
            ? undefined
            : [
                'Digest of the payload',
                <code key="digest" className="font-mono text-xs">
                  {row.digest}
                </code>,
              ],
          [
            'Hash before',
            <code key="prev" className="font-mono text-xs">
              {row.prev_hash}
            </code>,
          ],
          [
            'Hash',
            <code key="hash" className="font-mono text-xs">
              {row.hash}
            </code>,
          ],
        ]}
      />
      <p role="status" className={`mt-3 ${computed !== undefined && computed !== row.hash ? 'font-semibold text-bad' : 'text-soft'}`}>
        {computed === undefined
          ? ''
          : computed === row.hash
            ? 'Its hash, computed in this browser, fits.'
            : 'Its hash, computed in this browser, does NOT fit: the row was changed.'}
      </p>
      {row.proof === undefined ? null : (
        <div className="mt-3">
          <Signature decided={row} proof={row.proof} />
        </div>
      )}
      {text === undefined ? null : (
        <div className="mt-3">
          <div className="mb-1 flex items-center justify-between">
            <h3 className="font-semibold">The bytes that its hash is over</h3>
            <CopyButton text={text} />
          </div>
          <pre
            tabIndex={0}
            aria-label="Canonical bytes"
            className="max-h-56 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs whitespace-pre-wrap foreign"
          >
            {spelledOut(text)}
          </pre>
        </div>
      )}
    </Modal>
  )
}

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
  const open = useRow(search.row, items)
  if (list.isPending) return <Skeleton label="Audit rows" rows={8} />
  if (list.error !== null && items.length === 0)
    return <ErrorNotice error={list.error} what="Audit rows" retry={() => void list.refetch()} />
  return (
    <>
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
      {open === undefined ? null : <RowDialog row={open} onClose={() => void navigate({ search: { ...search, row: '' } })} />}
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

/** A link may lead to a row that is not among those that are listed. */
function useRow(seq: string | undefined, listed: readonly AuditRow[]): AuditRow | undefined {
  const wanted = Number(seq)
  const here = listed.find((row) => row.seq === wanted)
  const ask = here === undefined && Number.isSafeInteger(wanted) && wanted > 0
  // The page below a number begins with the row before it.
  const { data } = useOperation('audit.query', { order: 'desc', limit: 1, cursor: String(wanted + 1) }, { enabled: ask })
  return here ?? (ask ? data?.items.find((row) => row.seq === wanted) : undefined)
}

/** A chain has no holes: of the filter, only the period narrows an export. */
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
