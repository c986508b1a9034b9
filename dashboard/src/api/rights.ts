/**
 * Responsible for which buttons a role sees. The server alone decides what a role may do (src/domain/access/access.ts; a test compares the two); a
 * button that the server would always refuse is not shown.
 */
import type { Role, Scope } from '@modelreins/contract'

const viewer: readonly Scope[] = ['self', 'jobs.read', 'workers.read', 'reviews.read', 'killswitch.read', 'artifacts.read']
const reviewer: readonly Scope[] = [...viewer, 'jobs.take', 'reviews.decide', 'reviews.withdraw', 'audit.read']
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
const owner: readonly Scope[] = [...operator, 'reviews.decide', 'members.manage', 'webhooks.manage']

const byRole: Readonly<Record<Role, readonly Scope[]>> = { viewer, reviewer, operator, owner }

export const roleShows = (role: Role | null, scope: Scope): boolean => role !== null && byRole[role].includes(scope)
