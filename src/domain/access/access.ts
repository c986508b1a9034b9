/** Responsible for who may do what: which scopes a role or a worker holds. */
import type { Role, Scope } from '@modelreins/contract'

const viewer: readonly Scope[] = ['self', 'jobs.read', 'workers.read', 'reviews.read', 'killswitch.read', 'artifacts.read']
const reviewer: readonly Scope[] = [...viewer, 'jobs.take', 'reviews.decide', 'reviews.withdraw', 'audit.read']
/** An operator's key may also act as a worker that is registered under it: the companion path of seed 000. */
const operator: readonly Scope[] = [
  ...viewer,
  'jobs.dispatch',
  'jobs.abort',
  'jobs.take',
  'workers.manage',
  'work',
  'reviews.submit',
  'reviews.withdraw',
  'killswitch.raise',
  'killswitch.clear',
  'artifacts.write',
  'audit.read',
]
const owner: readonly Scope[] = [...new Set<Scope>([...operator, ...reviewer, 'members.manage', 'webhooks.manage'])]

const byRole: Readonly<Record<Role, ReadonlySet<Scope>>> = {
  viewer: new Set(viewer),
  reviewer: new Set(reviewer),
  operator: new Set(operator),
  owner: new Set(owner),
}

/** A worker never decides a review and never reads other workers' jobs. `artifacts.read` covers the tenant's artifacts by slug. */
const worker: ReadonlySet<Scope> = new Set<Scope>([
  'self',
  'work',
  'reviews.submit',
  'reviews.withdraw',
  /** Only its own reviews; the tenant object answers no others. */
  'reviews.read',
  'killswitch.read',
  'artifacts.read',
  'artifacts.write',
])

export const roleMay = (role: Role, scope: Scope): boolean => byRole[role].has(scope)

/** `mayRaise`: the operator allowed this worker to raise the killswitch. A worker can never clear it. */
export const workerMay = (scope: Scope, mayRaise: boolean): boolean => worker.has(scope) || (scope === 'killswitch.raise' && mayRaise)
