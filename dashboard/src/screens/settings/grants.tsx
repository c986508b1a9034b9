/** Responsible for session grants: what may pass without being asked again, for how long, and taking it back. */
import { Link } from '@tanstack/react-router'
import { client } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { plural, Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

export function Grants() {
  const mayDecide = useMay('reviews.decide')
  const { data, error, isPending, refetch } = useOperation('grants.list', { limit: 200 })
  const revoke = async (id: string): Promise<void> => {
    try {
      await client.call('grants.revoke', { grant_id: id })
      say('The grant is revoked: the next use asks again.')
      await refresh('grants')
    } catch (fault) {
      complain(fault)
    }
  }
  return (
    <Panel title="Grants">
      <p className="mb-2 text-soft">A capability of tier session is approved once; the grant lets later uses of the same session pass.</p>
      {isPending ? (
        <Skeleton label="Grants" rows={2} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Grants" retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <p className="text-soft">No active grants.</p>
      ) : null}
      <ul className="divide-y divide-line">
        {(data?.items ?? []).map((grant) => (
          <li key={grant.grant_id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
            <span className="font-medium foreign">{grant.capability}</span>
            <span className="text-soft foreign">{grant.session}</span>
            <span className="text-sm text-soft">
              {grant.max_uses === null ? plural(grant.uses, 'use') : `${grant.uses} of ${plural(grant.max_uses, 'use')}`}, by{' '}
              {grant.granted_by} in{' '}
              <Link className="text-accent underline" to="/reviews/$reviewId" params={{ reviewId: String(grant.review_id) }}>
                review {grant.review_id}
              </Link>
              , ends <Time at={grant.expires_at} />
            </span>
            {mayDecide ? (
              <Button className="ml-auto min-h-8 text-sm" onClick={() => void revoke(grant.grant_id)}>
                Revoke
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  )
}
