/** Responsible for the names of what a caller may do; which role holds which is `src/domain/access/access.ts`. */
export const scopes = [
  'public',
  'master',
  'self',
  'jobs.read',
  'jobs.dispatch',
  'jobs.abort',
  /** Take jobs as a person, by the operations made for that: for the member's own worker of kind carbon, and no other. */
  'jobs.take',
  'workers.read',
  'workers.manage',
  /** Act as a worker: inbox, claims, presence. A worker token, or an operator's key on the companion path (seed 000). */
  'work',
  /** Carried by the lease token of one attempt. */
  'attempt',
  'reviews.read',
  'reviews.submit',
  /** What was asked for, by whoever asks; an approval that is not spent yet, by whoever decides. */
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
