/** Responsible for the reviews: what waits for you first, one of them open beside the list; on a phone one card at a time. */
import type { Review } from '@modelreins/contract'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { useOperation } from '../../api/queries.ts'
import { useMe } from '../../api/session.ts'
import { useKeys } from '../../frame/keys.ts'
import { Screen } from '../../frame/screen.tsx'
import { waitingInput } from '../../frame/waiting.ts'
import { Badge, ReviewBadge } from '../../parts/badge.tsx'
import { LinkButton } from '../../parts/button.tsx'
import { Empty, ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { ReviewDetail } from './review-detail.tsx'

const settledInput = {
  status: ['approved' as const, 'denied' as const, 'withdrawn' as const, 'expired' as const, 'superseded' as const, 'consumed' as const],
  limit: 100,
}

/** Those that this member may still decide come first, the oldest before the newer: it has waited longest. */
function ordered(reviews: readonly Review[], memberId: string): readonly Review[] {
  const voted = (review: Review): number => (review.decisions.some((one) => one.member_id === memberId) ? 1 : 0)
  return reviews.toSorted((one, other) => voted(one) - voted(other) || one.id - other.id)
}

function Entry({ review, open, settled }: { readonly review: Review; readonly open: boolean; readonly settled: boolean }) {
  return (
    <li>
      <Link
        to="/reviews/$reviewId"
        params={{ reviewId: String(review.id) }}
        search={settled ? { show: 'settled' } : {}}
        aria-current={open ? 'true' : undefined}
        className="block border-b border-line px-4 py-3 hover:bg-sunken aria-[current=true]:bg-accent-wash"
      >
        <span className="flex items-center gap-2">
          {settled ? <ReviewBadge status={review.status} /> : <Badge tone="warn">{review.capability ?? review.type}</Badge>}
          <span className="ml-auto text-sm text-soft">
            <Time at={review.settled_at ?? review.created_at} />
          </span>
        </span>
        <span className="mt-1 line-clamp-2 font-medium foreign">{oneLine(review.title)}</span>
        <span className="block truncate text-sm text-soft foreign">{review.created_by}</span>
      </Link>
    </li>
  )
}

/** Else the link says by itself that it is current, whatever is chosen. */
const exactly = { exact: true, includeSearch: true } as const

function Tabs({ settled }: { readonly settled: boolean }) {
  const tab =
    'rounded-md px-3 py-1.5 text-soft hover:bg-sunken aria-[current=page]:bg-accent-wash aria-[current=page]:font-medium aria-[current=page]:text-accent'
  return (
    <nav aria-label="Which reviews" className="flex gap-1">
      <Link to="/reviews" search={{}} activeOptions={exactly} aria-current={settled ? undefined : 'page'} className={tab}>
        Waiting
      </Link>
      <Link to="/reviews" search={{ show: 'settled' }} activeOptions={exactly} aria-current={settled ? 'page' : undefined} className={tab}>
        Settled
      </Link>
    </nav>
  )
}

export function Reviews() {
  return <ReviewScreen chosen={undefined} show={useSearch({ from: '/reviews' }).show} />
}
export function OneReview() {
  const { reviewId } = useParams({ from: '/reviews/$reviewId' })
  return <ReviewScreen chosen={Number(reviewId)} show={useSearch({ from: '/reviews/$reviewId' }).show} />
}

function ReviewScreen({ chosen, show }: { readonly chosen: number | undefined; readonly show: string | undefined }) {
  const me = useMe()
  const navigate = useNavigate()
  const settled = show === 'settled'
  const list = useOperation('reviews.list', settled ? settledInput : waitingInput)
  const items = useMemo(() => (settled ? (list.data?.items ?? []) : ordered(list.data?.items ?? [], me.id)), [list.data, settled, me.id])
  const wide = matchMedia('(width >= 64rem)').matches
  const id = chosen ?? (wide ? items[0]?.id : undefined)
  const one = useOperation('reviews.get', { review_id: id ?? 1 }, { enabled: id !== undefined })
  const go = useCallback(
    (step: number): void => {
      const at = items.findIndex((review) => review.id === id)
      const next = items[Math.max(0, Math.min(items.length - 1, at + step))]
      if (next !== undefined)
        void navigate({
          to: '/reviews/$reviewId',
          params: { reviewId: String(next.id) },
          search: settled ? { show: 'settled' } : {},
          replace: true,
        })
    },
    [items, id, navigate, settled],
  )
  useKeys(
    [
      { keys: 'j', what: 'Next review', group: 'Reviews', run: () => go(1) },
      { keys: 'k', what: 'Review before', group: 'Reviews', run: () => go(-1) },
    ],
    [go],
  )
  const decided = (): void => {
    const next = items.find((review) => review.id !== id && !review.decisions.some((vote) => vote.member_id === me.id))
    if (settled || next === undefined) void navigate({ to: '/reviews' })
    else void navigate({ to: '/reviews/$reviewId', params: { reviewId: String(next.id) } })
  }
  return (
    <Screen title="Reviews" actions={<Tabs settled={settled} />}>
      {list.isPending ? (
        <Skeleton label="Reviews" rows={5} />
      ) : list.error !== null && items.length === 0 ? (
        <ErrorNotice error={list.error} what="Reviews" retry={() => void list.refetch()} />
      ) : items.length === 0 && chosen === undefined ? (
        <Empty
          title={settled ? 'Nothing has been decided yet' : 'Nothing waits for a decision'}
          action={settled ? undefined : <LinkButton to="/workers">Show capabilities</LinkButton>}
        >
          {settled
            ? 'Approved, denied and expired reviews stay here for 90 days.'
            : 'A job or action with a capability of tier approve or session stops here until a reviewer releases it.'}
        </Empty>
      ) : (
        <div className="grid gap-5 lg:grid-cols-[19rem_minmax(0,1fr)] lg:items-start">
          <div
            className={`card overflow-hidden lg:sticky lg:top-18 lg:max-h-[calc(100dvh-6rem)] lg:overflow-y-auto ${chosen === undefined ? '' : 'hidden lg:block'}`}
          >
            <ul aria-label={settled ? 'Settled reviews' : 'Waiting reviews'}>
              {items.map((review) => (
                <Entry key={review.id} review={review} open={review.id === id} settled={settled} />
              ))}
            </ul>
            {items.length === 0 ? <p className="px-4 py-3 text-soft">Nothing else waits.</p> : null}
          </div>
          {id === undefined ? null : (
            <div className="min-w-0">
              {chosen === undefined ? null : (
                <LinkButton look="quiet" to="/reviews" search={settled ? { show: 'settled' } : {}} className="mb-2 lg:hidden">
                  ← All reviews
                </LinkButton>
              )}
              {one.data !== undefined && one.data.id === id ? (
                <ReviewDetail review={one.data} onDecided={decided} />
              ) : one.error === null ? (
                <Skeleton label="The review" rows={6} />
              ) : (
                <ErrorNotice error={one.error} what={`Review ${id}`} retry={() => void one.refetch()} />
              )}
            </div>
          )}
        </div>
      )}
    </Screen>
  )
}
