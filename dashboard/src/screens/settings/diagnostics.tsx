/** Responsible for the tenant's self-check: whether all invariants hold, what it stores, and how close it is to its limits. */
import type { Diagnostics as Found } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { operation } from '../../api/queries.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Facts, Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { bytesWords, numberWords, plural, Time } from '../../parts/time.tsx'

const rowNames: Readonly<Record<string, string>> = {
  jobs: 'jobs of the last days',
  audit_rows: 'audit rows of the last days',
}

function Checks({ found }: { readonly found: Found }) {
  return (
    <ul aria-label="What must always hold" className="divide-y divide-line">
      {found.checks.map((check) => (
        <li key={check.id} className="py-2">
          <div className="flex flex-wrap items-baseline gap-x-3 gap-y-1">
            <Badge tone={check.holds ? 'good' : 'bad'}>{check.holds ? 'holds' : 'broken'}</Badge>
            <span className="min-w-0 flex-1 basis-64">{check.says}</span>
            <span className="text-sm text-soft">
              {check.id}, {numberWords(check.checked)} checked
            </span>
          </div>
          {check.broken.length === 0 ? null : (
            <ul className="mt-1 list-disc pl-6 text-bad">
              {check.broken.map((one, index) => (
                <li key={index}>
                  {one.job_id === null ? null : (
                    <>
                      <Link to="/jobs/$jobId" params={{ jobId: String(one.job_id) }} className="font-medium underline">
                        Job {one.job_id}
                      </Link>
                      :{' '}
                    </>
                  )}
                  <span className="foreign">{one.detail}</span>
                </li>
              ))}
            </ul>
          )}
        </li>
      ))}
    </ul>
  )
}

function Headroom({ found }: { readonly found: Found }) {
  const words = (value: number, unit: 'bytes' | 'count'): string => (unit === 'bytes' ? bytesWords(value) : numberWords(value))
  return (
    <ul className="divide-y divide-line">
      {found.headroom.map(({ what, used, limit, unit, source }) => {
        const share = (used / limit) * 100
        return (
          <li key={what} className="py-2">
            <div className="flex flex-wrap justify-between gap-x-3">
              <span>{what}</span>
              <span className="text-soft">
                {words(used, unit)} of {words(limit, unit)}, {share < 1 ? 'under 1' : Math.round(share)} %
              </span>
            </div>
            <div aria-hidden="true" className="mt-1 h-1.5 overflow-hidden rounded-full bg-sunken">
              <div className={share > 80 ? 'h-full bg-bad' : 'h-full bg-accent'} style={{ width: `${Math.min(100, share)}%` }} />
            </div>
            <p className="mt-1 text-sm text-soft">
              Source:{' '}
              {source.startsWith('https://') ? (
                <a href={source} rel="noreferrer" target="_blank" className="text-accent underline foreign">
                  {source}
                </a>
              ) : (
                <code className="font-mono">{source}</code>
              )}
            </p>
          </li>
        )
      })}
    </ul>
  )
}

export function Diagnostics() {
  // The check costs more than reading a list, so it runs only on request.
  const {
    data: found,
    error,
    isFetching,
    refetch,
  } = useQuery({
    ...operation('diagnostics.run', {}),
    refetchInterval: false,
    refetchOnWindowFocus: false,
    staleTime: 60_000,
  })
  if (found === undefined)
    return error === null ? (
      <Skeleton label="Diagnostics" rows={6} />
    ) : (
      <ErrorNotice error={error} what="Diagnostics" retry={() => void refetch()} />
    )
  const broken = found.checks.filter((check) => !check.holds)
  return (
    <>
      <Notice
        tone={found.holds ? 'good' : 'bad'}
        title={found.holds ? 'All invariants hold' : `${plural(broken.length, 'invariant')} broken`}
        live
      >
        {found.holds
          ? 'No violation was found.'
          : 'Abort the named jobs, keep an export of the audit trail, and report the fault with this page. Either ModelReins has a fault, or somebody changed its storage.'}{' '}
        Checked <Time at={found.at} />.{found.partial ? ' Too many jobs wait or run for one check: only some of them were checked.' : ''}
        <div className="mt-2">
          <Button busy={isFetching} onClick={() => void refetch()}>
            Look again
          </Button>
        </div>
      </Notice>
      <Panel title="What must always hold">
        <Checks found={found} />
      </Panel>
      <Panel title="Stored in the tenant object">
        <Facts
          rows={[
            ['Size', bytesWords(found.storage.bytes)],
            ...Object.entries(found.storage.rows).map(([name, count]) => [rowNames[name] ?? name, numberWords(count)] as const),
            ['Today (UTC)', `${plural(found.today.jobs, 'job')}, ${plural(found.today.audit_rows, 'audit row')}`],
          ]}
        />
      </Panel>
      <Panel title="On its way to the archive">
        {found.outbox.fork_at !== null ? (
          <Notice tone="bad" title={`Shipping has stopped at audit row ${found.outbox.fork_at}`}>
            The archive holds another row under this number. Export the trail from both, and compare: somebody wrote into one of them.
          </Notice>
        ) : found.outbox.waiting === 0 ? (
          <p className="text-soft">Nothing: the archive has every row.</p>
        ) : (
          <p>
            {plural(found.outbox.waiting, 'audit row')}, the oldest of them <Time at={found.outbox.oldest_at} />. They arrive seconds after
            they were written. While the archive is down they wait here; everything else works.
          </p>
        )}
      </Panel>
      <Panel title="Usage of limits">
        <Headroom found={found} />
      </Panel>
    </>
  )
}
