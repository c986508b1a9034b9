/** Responsible for showing states as words with a colour; the colour only repeats the word. */
import type { Job, PresenceState, ReviewStatus, RiskTier } from '@modelreins/contract'
import type { ReactNode } from 'react'

export type Tone = 'plain' | 'accent' | 'good' | 'warn' | 'bad'
const tones: Readonly<Record<Tone, string>> = {
  plain: 'bg-sunken text-soft',
  accent: 'bg-accent-wash text-accent',
  good: 'bg-good-wash text-good',
  warn: 'bg-warn-wash text-warn',
  bad: 'bg-bad-wash text-bad',
}

export function Badge({
  tone = 'plain',
  children,
  title,
}: {
  readonly tone?: Tone
  readonly children: ReactNode
  readonly title?: string
}) {
  return (
    <span
      title={title}
      className={`inline-flex max-w-full items-center gap-1 rounded-sm px-1.5 py-px text-sm font-medium whitespace-nowrap ${tones[tone]}`}
    >
      {children}
    </span>
  )
}

/** The state of a job, and for an ended one how it ended: an aborted job is not shown as a worker's error. */
export function jobState(job: Pick<Job, 'status' | 'hold' | 'error'>): { readonly word: string; readonly tone: Tone } {
  if (job.status === 'pending') return job.hold === null ? { word: 'Queued', tone: 'plain' } : { word: `Waits: ${job.hold}`, tone: 'warn' }
  if (job.status === 'running') return { word: 'Running', tone: 'accent' }
  if (job.status === 'retry') return { word: 'Retries', tone: 'warn' }
  if (job.status === 'done') return { word: 'Done', tone: 'good' }
  return job.error?.type === 'aborted' ? { word: 'Aborted', tone: 'plain' } : { word: 'Failed', tone: 'bad' }
}

export function JobBadge({ job }: { readonly job: Pick<Job, 'status' | 'hold' | 'error'> }) {
  const { word, tone } = jobState(job)
  return (
    <Badge tone={tone}>
      {job.status === 'running' ? <span aria-hidden="true" className="size-1.5 animate-pulse rounded-full bg-current" /> : null}
      {word}
    </Badge>
  )
}

const presenceTones: Readonly<Record<PresenceState, Tone>> = {
  online: 'good',
  idle: 'good',
  busy: 'accent',
  deaf: 'bad',
  parked: 'warn',
  offline: 'plain',
}
export function PresenceBadge(props: { readonly state: PresenceState; readonly paused: boolean; readonly revoked: boolean }) {
  if (props.revoked) return <Badge>Revoked</Badge>
  if (props.paused) return <Badge tone="warn">Paused</Badge>
  const words: Readonly<Record<PresenceState, string>> = {
    online: 'Online',
    idle: 'Idle',
    busy: 'Busy',
    deaf: 'Deaf',
    parked: 'Parked',
    offline: 'Offline',
  }
  const titles: Partial<Record<PresenceState, string>> = {
    deaf: 'It is connected, but does not answer offers.',
    parked: 'Its account is out of quota: nothing is offered to it.',
  }
  const title = titles[props.state]
  return (
    <Badge tone={presenceTones[props.state]} {...(title === undefined ? {} : { title })}>
      {words[props.state]}
    </Badge>
  )
}

export const tierWords: Readonly<Record<RiskTier, { readonly name: string; readonly effect: string; readonly tone: Tone }>> = {
  auto: { name: 'auto', effect: 'Runs freely.', tone: 'plain' },
  audit: { name: 'audit', effect: 'Runs, and is listed for a review afterwards.', tone: 'accent' },
  approve: { name: 'approve', effect: 'Waits until a member approves each action.', tone: 'warn' },
  session: { name: 'session', effect: 'Is approved once per session, not per action.', tone: 'warn' },
}
export const TierBadge = ({ tier }: { readonly tier: RiskTier }) => (
  <Badge tone={tierWords[tier].tone} title={tierWords[tier].effect}>
    {tierWords[tier].name}
  </Badge>
)

const reviewTones: Readonly<Record<ReviewStatus, Tone>> = {
  pending: 'warn',
  approved: 'good',
  consumed: 'good',
  denied: 'bad',
  withdrawn: 'plain',
  expired: 'plain',
  superseded: 'plain',
}
const reviewWords: Readonly<Record<ReviewStatus, string>> = {
  pending: 'Waiting',
  approved: 'Approved',
  consumed: 'Approved, used',
  denied: 'Denied',
  withdrawn: 'Withdrawn',
  expired: 'Expired',
  superseded: 'Superseded',
}
export const ReviewBadge = ({ status }: { readonly status: ReviewStatus }) => (
  <Badge tone={reviewTones[status]}>{reviewWords[status]}</Badge>
)
