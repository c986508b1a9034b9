/** Responsible for session grants: what they allow without another review, where, how often and until when, and revoking them. */
import type { Grant } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { client } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Facts, Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural, Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

/** Where the grant applies: to jobs of one thread, or to one run of a worker's program. */
function Scope({ session }: { readonly session: string }) {
  const [, kind, id] = /^(thread|process):(.+)$/s.exec(session) ?? []
  if (kind === 'thread' && id !== undefined) {
    return (
      <>
        jobs of thread{' '}
        <Link className="text-accent underline" to="/threads/$threadId" params={{ threadId: id }}>
          {oneLine(id, 60)}
        </Link>
      </>
    )
  }
  return <>{kind === 'process' ? `until its worker restarts (${oneLine(id ?? '', 80)})` : oneLine(session, 100)}</>
}

function usesWords({ uses, max_uses }: Grant): string {
  if (max_uses === null) return `${plural(uses, 'use')} so far, no limit`
  return `${Math.max(0, max_uses - uses)} of ${plural(max_uses, 'use')} left`
}

function One({ grant, worker }: { readonly grant: Grant; readonly worker: string }) {
  const mayDecide = useMay('reviews.decide')
  const [busy, setBusy] = useState(false)
  const revoke = async (): Promise<void> => {
    setBusy(true)
    try {
      await client.call('grants.revoke', { grant_id: grant.grant_id })
      say(`The grant for ${grant.capability} is revoked: the next use asks again.`)
      await refresh('grants')
    } catch (fault) {
      complain(fault)
    } finally {
      setBusy(false)
    }
  }
  return (
    <li className="flex flex-col gap-2 py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <strong className="foreign">{grant.capability}</strong>
        {grant.max_uses !== null && grant.uses >= grant.max_uses ? <Badge>used up</Badge> : null}
        {mayDecide ? (
          <Button
            className="ml-auto min-h-8 text-sm"
            busy={busy}
            aria-label={`Revoke the grant for ${grant.capability} on ${worker}`}
            onClick={() => void revoke()}
          >
            Revoke
          </Button>
        ) : null}
      </div>
      <Facts
        rows={[
          [
            'Worker',
            <Link key="worker" className="text-accent underline" to="/workers/$workerId" params={{ workerId: grant.worker_id }}>
              {worker}
            </Link>,
          ],
          ['Scope', <Scope key="scope" session={grant.session} />],
          ['Uses', usesWords(grant)],
          ['Ends', <Time key="ends" at={grant.expires_at} />],
          [
            'Granted',
            <span key="by">
              by {grant.granted_by} in{' '}
              <Link className="text-accent underline" to="/reviews/$reviewId" params={{ reviewId: String(grant.review_id) }}>
                review {grant.review_id}
              </Link>{' '}
              <Time at={grant.created_at} />
            </span>,
          ],
        ]}
      />
    </li>
  )
}

export function Grants() {
  const { data, error, isPending, refetch } = useOperation('grants.list', { limit: 200 })
  const workers = useOperation('workers.list', { limit: 200 })
  const nameOf = (id: string): string => workers.data?.items.find((worker) => worker.worker_id === id)?.name ?? id
  return (
    <Panel title="Grants">
      <p className="mb-2 text-soft">
        A capability of tier session is approved once; the grant lets later uses of the same session pass without another review.
      </p>
      {isPending ? (
        <Skeleton label="Grants" rows={2} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Grants" retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <p className="text-soft">No active grants. Approving a review of a capability with the tier session makes one.</p>
      ) : (
        <ul aria-label="Grants" className="divide-y divide-line border-t border-line">
          {data.items.map((grant) => (
            <One key={grant.grant_id} grant={grant} worker={nameOf(grant.worker_id)} />
          ))}
        </ul>
      )}
      {data?.next_cursor == null ? null : <p className="mt-2 text-sm text-soft">These are the first 200.</p>}
    </Panel>
  )
}
