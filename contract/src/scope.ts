/** Responsible for the names of permissions; which role has which is in `src/domain/access/access.ts`. */
export const scopes = [
  'public',
  'master',
  'self',
  'jobs.read',
  'jobs.dispatch',
  'jobs.abort',
  /** Take jobs as a person, through the operations for persons, only for the member's own worker of kind carbon. */
  'jobs.take',
  'workers.read',
  'workers.manage',
  /** Act as a worker: inbox, claims, presence. A worker token, or an operator's key on the companion path (seed 000). */
  'work',
  /** The permission of an attempt's lease token. */
  'attempt',
  'reviews.read',
  'reviews.submit',
  /** The caller may withdraw what they asked for; a member who may decide may withdraw an approval that has not been used. */
  'reviews.withdraw',
  'reviews.decide',
  'killswitch.read',
  'killswitch.raise',
  'killswitch.clear',
  'artifacts.read',
  'artifacts.write',
  'audit.read',
  'members.manage',
  'webhooks.manage',
] as const
export type Scope = (typeof scopes)[number]
