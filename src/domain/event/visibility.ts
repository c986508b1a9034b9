/** Responsible for who sees which events of the feed: members what their role may read, workers what they did themselves. */
import type { AuditRow, FeedFrame, Parsed, Presence, Role, Scope } from '@modelreins/contract'
import { roleMay } from '../access/access.ts'

export type FeedViewer = { readonly kind: 'member'; readonly role: Role } | { readonly kind: 'worker'; readonly worker_id: string }
export type FeedFilter = Omit<Parsed<'events.follow'>, 'after'>

/** Nouns that a caller may see without access to the whole audit trail, and the scope that each requires. */
const scopes: Readonly<Record<string, Scope>> = {
  job: 'jobs.read',
  fan_out: 'jobs.read',
  worker: 'workers.read',
  review: 'reviews.read',
  grant: 'reviews.read',
  action: 'reviews.read',
  artifact: 'artifacts.read',
  killswitch: 'killswitch.read',
}

/** The actions that a worker sees of its own jobs: only about attempts that it was given. */
const ofAttempts: ReadonlySet<string> = new Set([
  'job.start',
  'job.complete',
  'job.fail',
  'job.retry_later',
  'job.lose',
  'job.timeout',
  'job.escalate',
  'job.abort_acknowledged',
])

const nounOf = (action: string): string => action.split('.')[0] ?? action

export function maySee(viewer: FeedViewer, row: Pick<AuditRow, 'action' | 'worker_id'>): boolean {
  const noun = nounOf(row.action)
  if (viewer.kind === 'worker') {
    if (row.action === 'killswitch.raise' || row.action === 'killswitch.clear') return true
    return row.worker_id === viewer.worker_id && (noun === 'worker' || noun === 'killswitch' || ofAttempts.has(row.action))
  }
  if (roleMay(viewer.role, 'audit.read')) return true
  const scope = scopes[noun]
  return scope !== undefined && roleMay(viewer.role, scope)
}

export const maySeePresence = (viewer: FeedViewer, presence: Pick<Presence, 'worker_id'>): boolean =>
  viewer.kind === 'worker' ? viewer.worker_id === presence.worker_id : roleMay(viewer.role, 'workers.read')

const wantsNoun = (filter: FeedFilter, noun: string): boolean => filter.noun === undefined || filter.noun.split(',').includes(noun)

export const wants = (filter: FeedFilter, row: Pick<AuditRow, 'action' | 'subject' | 'job_id' | 'worker_id'>): boolean =>
  wantsNoun(filter, nounOf(row.action)) &&
  (filter.id === undefined || filter.id === row.subject) &&
  (filter.job_id === undefined || filter.job_id === row.job_id) &&
  (filter.worker_id === undefined || filter.worker_id === row.worker_id)

export const wantsPresence = (filter: FeedFilter, { worker_id }: Pick<Presence, 'worker_id'>): boolean =>
  wantsNoun(filter, 'presence') &&
  filter.job_id === undefined &&
  (filter.id === undefined || filter.id === `worker:${worker_id}`) &&
  (filter.worker_id === undefined || filter.worker_id === worker_id)

/** An audit row as the feed sends it: without its place in the chain. */
export function eventOf({
  prev_hash: _prev,
  hash: _hash,
  mac: _mac,
  proof: _proof,
  ...row
}: AuditRow): Extract<FeedFrame, { type: 'event' }> {
  return { type: 'event', ...row }
}
