/**
 * Responsible for the table of operations: one row drives the edge's routes, the SDK's client, the CLI, `openapi.json` and the reference. The rows
 * are in operations/, one file per noun.
 */
import type * as z from 'zod'
import { serviceOperations } from './operations/service.ts'
import { tenantsOperations } from './operations/tenants.ts'
import { membersOperations } from './operations/members.ts'
import { sessionsOperations } from './operations/sessions.ts'
import { workersOperations } from './operations/workers.ts'
import { diagnosticsOperations } from './operations/diagnostics.ts'
import { directorOperations } from './operations/director.ts'
import { presenceOperations } from './operations/presence.ts'
import { jobsOperations } from './operations/jobs.ts'
import { claimsOperations } from './operations/claims.ts'
import { workOperations } from './operations/work.ts'
import { contextOperations } from './operations/context.ts'
import { reviewsOperations } from './operations/reviews.ts'
import { killswitchOperations } from './operations/killswitch.ts'
import { auditOperations } from './operations/audit.ts'
import { eventsOperations } from './operations/events.ts'
import { devicesOperations } from './operations/devices.ts'
import { webhooksOperations } from './operations/webhooks.ts'
import { artifactsOperations } from './operations/artifacts.ts'
import { schedulesOperations } from './operations/schedules.ts'
import { settingsOperations } from './operations/settings.ts'
import { threadsOperations } from './operations/threads.ts'
import type { Operation } from './operations/row.ts'
import type { ProblemCode } from './problem.ts'

export { inputOf, operationPaths } from './operations/row.ts'
export type { Operation } from './operations/row.ts'

export const operations = {
  ...serviceOperations,
  ...tenantsOperations,
  ...membersOperations,
  ...sessionsOperations,
  ...settingsOperations,
  ...workersOperations,
  ...presenceOperations,
  ...directorOperations,
  ...diagnosticsOperations,
  ...jobsOperations,
  ...schedulesOperations,
  ...threadsOperations,
  ...claimsOperations,
  ...workOperations,
  ...contextOperations,
  ...reviewsOperations,
  ...killswitchOperations,
  ...auditOperations,
  ...eventsOperations,
  ...webhooksOperations,
  ...devicesOperations,
  ...artifactsOperations,
} as const satisfies Record<string, Operation>

export type Operations = typeof operations
export type OperationId = keyof Operations
/** The input as a caller passes it. */
export type Input<Id extends OperationId> = z.input<Operations[Id]['input']>
/** The input as an implementation gets it: parsed, with defaults filled in. */
export type Parsed<Id extends OperationId> = z.output<Operations[Id]['input']>
export type Output<Id extends OperationId> = z.output<Operations[Id]['output']>
/** Operations that are commands of the tenant object. */
export type TenantOperationId = { [Id in OperationId]: Operations[Id]['by'] extends 'tenant' ? Id : never }[OperationId]

export const operationIds = Object.keys(operations) as readonly OperationId[]

/** Error codes that every operation with this scope may answer. */
export const commonProblems = (row: Operation): readonly ProblemCode[] => [
  'invalid-request',
  ...(row.scope === 'public' ? [] : (['unauthorized', 'forbidden', 'rate-limited'] as const)),
  ...(row.method === 'GET' || row.method === 'DELETE' ? [] : (['too-large', 'unsupported-media-type'] as const)),
  'unavailable',
]
