/** Responsible for earlier reviews of the same kind: who decided them, how, and why. */
import type { Review } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useOperation } from '../../api/queries.ts'
import { ReviewBadge } from '../../parts/badge.tsx'
import { Panel } from '../../parts/facts.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'

const shown = 5

export function History({ review }: { readonly review: Review }) {
  const { data } = useOperation('reviews.list', {
    type: review.type,
    ...(review.capability === null ? {} : { capability: review.capability }),
    cursor: String(review.id),
    limit: 20,
  })
  const before = (data?.items ?? []).filter((one) => one.status !== 'pending' && one.capability === review.capability).slice(0, shown)
  if (before.length === 0) return null
  return (
    <Panel title="Earlier ones of this kind">
      <ul className="divide-y divide-line">
        {before.map((one) => {
          const last = one.decisions.at(-1)
          return (
            <li key={one.id} className="py-2">
              <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
                <ReviewBadge status={one.status} />
                <Link
                  to="/reviews/$reviewId"
                  params={{ reviewId: String(one.id) }}
                  search={{ show: 'settled' }}
                  className="min-w-0 flex-1 basis-48 truncate text-accent underline foreign"
                >
                  {oneLine(one.title, 120)}
                </Link>
                <span className="text-sm text-soft foreign">
                  {last === undefined ? '' : `${last.by}, `}
                  <Time at={one.settled_at ?? one.created_at} />
                </span>
              </div>
              {last?.comment == null ? null : <p className="text-sm text-soft foreign">{oneLine(last.comment, 300)}</p>}
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}
