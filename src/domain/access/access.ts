/** Responsible for who may do what: which scopes a role or a worker holds. */
import type { Role, Scope } from '@modelreins/contract'

const viewer: readonly Scope[] = ['self', 'jobs.read', 'workers.read', 'reviews.read', 'killswitch.read', 'artifacts.read']
const reviewer: readonly Scope[] = [...viewer, 'jobs.take', 'reviews.decide', 'reviews.withdraw', 'audit.read']
/** An operator's key may also act as a worker registered under it: the companion path of seed 000. */
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

/** Never decide, never read other workers' jobs: `artifacts.read` is of the tenant's artifacts by slug. */
const worker: ReadonlySet<Scope> = new Set<Scope>([
  'self',
  'work',
  'reviews.submit',
  'reviews.withdraw',
  /** Its own; the tenant object shows it no others. */
  'reviews.read',
  'killswitch.read',
  'artifacts.read',
  'artifacts.write',
])

export const roleMay = (role: Role, scope: Scope): boolean => byRole[role].has(scope)

/** `mayRaise`: the operator gave this worker the right to raise the killswitch, never to clear it. */
export const workerMay = (scope: Scope, mayRaise: boolean): boolean => worker.has(scope) || (scope === 'killswitch.raise' && mayRaise)
