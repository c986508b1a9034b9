/**
 * Responsible for My work: the jobs that this member has in hand as a person, jobs on offer, recently ended jobs, and decisions that wait for them.
 */
import type { WorkInbox, WorkItem } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { waitingInput } from '../../frame/waiting.ts'
import { Badge, JobBadge } from '../../parts/badge.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { TakeJobs, TakingState } from './taking.tsx'

function Items({
  items,
  empty,
  end,
}: {
  readonly items: readonly WorkItem[]
  readonly empty: ReactNode
  readonly end: (item: WorkItem) => ReactNode
}) {
  if (items.length === 0) return <p className="text-soft">{empty}</p>
  return (
    <ul className="-mx-4 -mb-4 divide-y divide-line border-t border-line">
      {items.map((item) => (
        <li key={item.job_id} className="relative flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 hover:bg-sunken">
          <span className="text-sm text-soft">{item.job_id}</span>
          <span className="min-w-0 flex-1 basis-60">
            <Link
              to="/work/$jobId"
              params={{ jobId: String(item.job_id) }}
              className="block truncate font-medium foreign after:absolute after:inset-0"
            >
              {oneLine(item.title) || 'A job without a prompt'}
            </Link>
            <span className="block text-sm text-soft foreign">{item.why}</span>
          </span>
          <span className="text-right text-sm text-soft">{end(item)}</span>
        </li>
      ))}
    </ul>
  )
}

const claimEnd = ({ claim }: WorkItem): ReactNode =>
  claim === null ? null : claim.reminded ? (
    <Badge tone="warn">
      Goes back <Time at={claim.hand_back_at} />
    </Badge>
  ) : (
    <>
      Started <Time at={claim.since} />
    </>
  )

const offerEnd = (item: WorkItem): ReactNode => (
  <>
    {item.error?.type === 'handed_back' ? <Badge>Handed back</Badge> : null}{' '}
    <span className="foreign">{item.created_by?.replace(/^\w+:/, '')}</span> <Time at={item.created_at} />
  </>
)

const lateEnd = (item: WorkItem): ReactNode => (
  <JobBadge
    job={{ status: item.status, hold: item.status === 'pending' && item.expires_at === null ? 'review' : null, error: item.error }}
  />
)

/** The effect of the killswitch on a person: an empty list alone would not explain it. */
function Reins({ inbox }: { readonly inbox: WorkInbox }) {
  const { killswitch, person } = inbox
  if (killswitch.level >= 3)
    return (
      <Notice tone="bad" title="The killswitch has stopped all work">
        What you had in hand has ended, and nothing can be started until it is cleared. {oneLine(killswitch.reason ?? '')}
      </Notice>
    )
  if (killswitch.level === 2)
    return (
      <Notice tone="warn" title="The killswitch drains work">
        Finish what you have in hand; nothing new can be started.
      </Notice>
    )
  if (person?.paused === true)
    return (
      <Notice tone="warn" title="You are paused">
        Finish what you have in hand; nothing is offered to you until an operator resumes your worker.
      </Notice>
    )
  return null
}

function Inbox() {
  const { data, error, isPending, refetch } = useOperation('work.list', {})
  if (isPending) return <Skeleton label="Your work" rows={4} />
  if (error !== null) return <ErrorNotice error={error} what="Your work" retry={() => void refetch()} />
  if (data.person === null) return <TakeJobs />
  return (
    <>
      <Reins inbox={data} />
      <TakingState person={data.person} />
      {data.claimed.length === 0 ? null : (
        <Panel title="In hand">
          <Items items={data.claimed} empty="" end={claimEnd} />
        </Panel>
      )}
      <Panel title="On offer">
        <Items
          items={data.offered}
          end={offerEnd}
          empty={
            data.person.taking ? (
              <>
                Nothing now. Jobs that ask for a person appear here by themselves: with the target{' '}
                <strong className="foreign">{data.person.name}</strong>, with the substrate carbon, or with a capability that only people
                have.
              </>
            ) : (
              'Nothing is offered to you while you take no jobs.'
            )
          }
        />
      </Panel>
      {data.ended.length === 0 ? null : (
        <Panel title="Lately">
          <Items items={data.ended} empty="" end={lateEnd} />
        </Panel>
      )}
    </>
  )
}

function Decisions() {
  const me = useMe()
  const mayDecide = useMay('reviews.decide')
  const { data, error, isPending, refetch } = useOperation('reviews.list', waitingInput)
  const mine = (data?.items ?? []).filter((review) => !review.decisions.some((vote) => vote.member_id === me.id))
  return (
    <Panel title={mayDecide ? 'Waits for your decision' : 'Waits for a decision'}>
      {isPending ? (
        <Skeleton label="Decisions" rows={2} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Decisions" retry={() => void refetch()} />
      ) : mine.length === 0 ? (
        <p className="text-soft">Nothing. What a worker escalates, and what needs an approval, appears here.</p>
      ) : (
        <ul className="-mx-4 -mb-4 divide-y divide-line border-t border-line">
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
  )
}

export function Work() {
  const mayTake = useMay('jobs.take')
  return (
    <Screen title="My work" narrow lead="What you do yourself, as a person.">
      {mayTake ? (
        <Inbox />
      ) : (
        <Notice title="Your role can only read">
          Viewers take no jobs and decide nothing. An owner can add you as a reviewer or an operator, under Settings.
        </Notice>
      )}
      <Decisions />
    </Screen>
  )
}
