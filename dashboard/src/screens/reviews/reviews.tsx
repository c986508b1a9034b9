/** Responsible for the list of reviews, those that wait for this member first, with one open beside it; on a phone one card at a time. */
import type { Review } from '@modelreins/contract'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { useKeys } from '../../frame/keys.ts'
import { Screen } from '../../frame/screen.tsx'
import { waitingInput } from '../../frame/waiting.ts'
import { Badge, ReviewBadge } from '../../parts/badge.tsx'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Empty, ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { aloneBecause, DecideMany, mostAtOnce, type BulkVerdict } from './decide-many.tsx'
import { ReviewDetail } from './review-detail.tsx'

const settledInput = {
  status: ['approved' as const, 'denied' as const, 'withdrawn' as const, 'expired' as const, 'superseded' as const, 'consumed' as const],
  limit: 100,
}

/** Reviews that this member may still decide come first, the oldest of them at the top, because it has waited longest. */
function ordered(reviews: readonly Review[], memberId: string): readonly Review[] {
  const voted = (review: Review): number => (review.decisions.some((one) => one.member_id === memberId) ? 1 : 0)
  return reviews.toSorted((one, other) => voted(one) - voted(other) || one.id - other.id)
}

interface Shown {
  readonly settled: boolean
  readonly q: string
}
const searchOf = ({ settled, q }: Shown) => ({ ...(settled ? { show: 'settled' } : {}), ...(q === '' ? {} : { q }) })

/** Searches capability, kind, requester and title: every word must occur in one of them. */
function matches(review: Review, q: string): boolean {
  const text = `${review.capability ?? ''} ${review.type} ${review.created_by} ${review.title}`.toLowerCase()
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function Entry(props: {
  readonly review: Review
  readonly open: boolean
  readonly shown: Shown
  readonly chosen: boolean
  /** Absent in a list without selection. */
  readonly onChoose?: (chosen: boolean) => void
}) {
  const { review, open, shown, chosen, onChoose } = props
  const alone = aloneBecause(review)
  return (
    <li className={`flex border-b border-line hover:bg-sunken ${open ? 'bg-accent-wash' : ''}`}>
      {onChoose === undefined ? null : (
        <label className="grid w-9 shrink-0 place-items-center pl-2" title={alone}>
          <input
            type="checkbox"
            className="size-4 accent-accent"
            aria-label={`Select review ${review.id}`}
            disabled={alone !== undefined}
            checked={chosen}
            onChange={(event) => onChoose(event.target.checked)}
          />
        </label>
      )}
      <Link
        to="/reviews/$reviewId"
        params={{ reviewId: String(review.id) }}
        search={searchOf(shown)}
        aria-current={open ? 'true' : undefined}
        className={`block min-w-0 flex-1 py-3 pr-4 ${onChoose === undefined ? 'pl-4' : 'pl-2'}`}
      >
        <span className="flex items-center gap-2">
          {shown.settled ? <ReviewBadge status={review.status} /> : <Badge tone="warn">{review.capability ?? review.type}</Badge>}
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

/** Without these options the link would count as current whatever review is chosen. */
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
  const { show, q = '' } = useSearch({ from: '/reviews' })
  return <ReviewScreen chosen={undefined} shown={{ settled: show === 'settled', q }} />
}
export function OneReview() {
  const { reviewId } = useParams({ from: '/reviews/$reviewId' })
  const { show, q = '' } = useSearch({ from: '/reviews/$reviewId' })
  return <ReviewScreen chosen={Number(reviewId)} shown={{ settled: show === 'settled', q }} />
}

function ReviewScreen({ chosen, shown }: { readonly chosen: number | undefined; readonly shown: Shown }) {
  const me = useMe()
  const mayDecide = useMay('reviews.decide')
  const navigate = useNavigate()
  const { settled, q } = shown
  const [several, setSeveral] = useState<ReadonlySet<number>>(new Set())
  const [verdict, setVerdict] = useState<BulkVerdict | undefined>(undefined)
  const list = useOperation('reviews.list', settled ? settledInput : waitingInput)
  const all = useMemo(() => (settled ? (list.data?.items ?? []) : ordered(list.data?.items ?? [], me.id)), [list.data, settled, me.id])
  const items = useMemo(() => all.filter((review) => matches(review, q)), [all, q])
  const selected = items.filter((review) => several.has(review.id))
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
          search: searchOf({ settled, q }),
          replace: true,
        })
    },
    [items, id, navigate, settled, q],
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
    if (settled || next === undefined) void navigate({ to: '/reviews', search: settled ? {} : searchOf(shown) })
    else void navigate({ to: '/reviews/$reviewId', params: { reviewId: String(next.id) }, search: searchOf(shown) })
  }
  return (
    <Screen title="Reviews" actions={<Tabs settled={settled} />}>
      {list.isPending ? (
        <Skeleton label="Reviews" rows={5} />
      ) : list.error !== null && items.length === 0 ? (
        <ErrorNotice error={list.error} what="Reviews" retry={() => void list.refetch()} />
      ) : all.length === 0 && chosen === undefined ? (
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
            <div className="border-b border-line p-2">
              <input
                type="search"
                aria-label="Filter reviews"
                placeholder="Capability, requester or title"
                className="field"
                value={q}
                onChange={(event) => void navigate({ to: '.', search: searchOf({ settled, q: event.target.value }), replace: true })}
              />
            </div>
            {selected.length === 0 ? null : (
              <div className="flex flex-wrap items-center gap-2 border-b border-line p-2" role="region" aria-label="Selection">
                <span role="status" className="mr-auto font-medium">
                  {selected.length} selected
                </span>
                <Button className="min-h-8 text-sm" onClick={() => setVerdict('approve')}>
                  Approve...
                </Button>
                <Button className="min-h-8 text-sm" onClick={() => setVerdict('deny')}>
                  Deny...
                </Button>
              </div>
            )}
            <ul aria-label={settled ? 'Settled reviews' : 'Waiting reviews'}>
              {items.map((review) => (
                <Entry
                  key={review.id}
                  review={review}
                  open={review.id === id}
                  shown={shown}
                  chosen={several.has(review.id)}
                  {...(settled || !mayDecide
                    ? {}
                    : {
                        onChoose: (yes: boolean) => {
                          const next = new Set(several)
                          if (!yes) next.delete(review.id)
                          else if (next.size < mostAtOnce) next.add(review.id)
                          setSeveral(next)
                        },
                      })}
                />
              ))}
            </ul>
            {items.length === 0 ? (
              <p className="px-4 py-3 text-soft">{all.length === 0 ? 'Nothing else waits.' : 'No review matches the filter.'}</p>
            ) : null}
          </div>
          {id === undefined ? null : (
            <div className="min-w-0">
              {chosen === undefined ? null : (
                <LinkButton look="quiet" to="/reviews" search={searchOf(shown)} className="mb-2 lg:hidden">
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
      {verdict === undefined ? null : (
        <DecideMany
          verdict={verdict}
          reviews={selected}
          onClose={(done) => {
            setVerdict(undefined)
            if (done) setSeveral(new Set())
          }}
        />
      )}
    </Screen>
  )
}
