/** Responsible for My work: what waits for this member as a person, until jobs can be taken here. */
import { Link } from '@tanstack/react-router'
import { useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { waitingInput } from '../../frame/waiting.ts'
import { Badge } from '../../parts/badge.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'

export function Work() {
  const me = useMe()
  const mayDecide = useMay('reviews.decide')
  const { data, error, isPending, refetch } = useOperation('reviews.list', waitingInput)
  const mine = (data?.items ?? []).filter((review) => !review.decisions.some((vote) => vote.member_id === me.id))
  return (
    <Screen title="My work" narrow lead="What waits for you as a person.">
      <Panel title="Handed to a human">
        {isPending ? (
          <Skeleton label="Your work" rows={3} />
        ) : error !== null ? (
          <ErrorNotice error={error} what="Your work" retry={() => void refetch()} />
        ) : mine.length === 0 ? (
          <p className="text-soft">Nothing. What a worker escalates, and what needs a decision, appears here.</p>
        ) : (
          <ul className="-mx-4 divide-y divide-line border-y border-line">
            {mine.map((review) => (
              <li key={review.id} className="relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-sunken">
                <Badge tone="warn">{review.type === 'escalation' ? 'Escalated' : (review.capability ?? review.type)}</Badge>
                <Link
                  to="/reviews/$reviewId"
                  params={{ reviewId: String(review.id) }}
                  className="min-w-0 flex-1 basis-48 truncate font-medium foreign after:absolute after:inset-0"
                >
                  {oneLine(review.title)}
                </Link>
                <span className="text-sm text-soft">
                  <Time at={review.created_at} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </Panel>
      {mayDecide ? null : <Notice>Your role may read these, not decide them. A reviewer or owner may.</Notice>}
      <Notice title="Jobs for people">
        Taking a job here as a worker of kind carbon is not possible in this version. Until then, let a worker escalate a job, or put it
        before a reviewer.
      </Notice>
    </Screen>
  )
}
