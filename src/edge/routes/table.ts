/**
 * Responsible for mapping operations to handlers. The type ensures that every operation has one: operations that the tenant object does not
 * perform must be listed here; those that it performs may be.
 */
import type { OperationId, TenantOperationId } from '@modelreins/contract'
import type { Exchange, Handler, Reply } from '../exchange.ts'
import { performAndTell } from '../tenant-call.ts'
import { downloadArtifact } from '../artifacts/artifact-download.ts'
import { uploadArtifact } from '../artifacts/routes.ts'
import { exportAudit, listHeads, queryAudit, verifyAudit } from '../audit/routes.ts'
import { appendOutput, authorizeAction, closeClaim, completeClaim, connect, failClaim, startClaim } from './claims.ts'
import { getJob, jobResult, listJobs } from '../jobs/routes.ts'
import { followEvents } from '../events/routes.ts'
import { createMember, rotateMember } from './members.ts'
import { subscribeDevice } from './devices.ts'
import { docs, health, metrics, openapi } from './service.ts'
import { decideReview, signingOptions } from './reviews.ts'
import { endSession, passkeyOptions, registerPasskey, registrationOptions, signIn, signInWithPasskey } from '../sessions/sign-in.ts'
import { streamJob } from '../jobs/stream.ts'
import { createTenant, listTenants, resumeTenant, suspendTenant } from './tenants.ts'
import { getThread } from '../threads/routes.ts'
import { revealView } from './views.ts'
import { workDone, workEscalated, writeNote } from './work.ts'
import { registerWorker, rotateWorker } from './workers.ts'

type EdgeOperationId = Exclude<OperationId, TenantOperationId>
type Handlers = { readonly [Id in EdgeOperationId]: Handler<Id> } & { readonly [Id in TenantOperationId]?: Handler<Id> }

const handlers: Handlers = {
  'service.health': health,
  'service.openapi': openapi,
  'service.docs': docs,
  'service.metrics': metrics,
  'tenants.create': createTenant,
  'tenants.list': listTenants,
  'tenants.suspend': suspendTenant,
  'tenants.resume': resumeTenant,
  'members.create': createMember,
  'members.rotate': rotateMember,
  'views.reveal': revealView,
  'sessions.create': signIn,
  'sessions.passkey_options': passkeyOptions,
  'sessions.create_with_passkey': signInWithPasskey,
  'sessions.end': endSession,
  'passkeys.options': registrationOptions,
  'passkeys.create': registerPasskey,
  'devices.subscribe': subscribeDevice,
  'reviews.decide': decideReview,
  'reviews.signing_options': signingOptions,
  'workers.register': registerWorker,
  'workers.rotate': rotateWorker,
  'jobs.get': getJob,
  'jobs.list': listJobs,
  'jobs.result': jobResult,
  'jobs.stream': streamJob,
  'threads.get': getThread,
  'claims.start': startClaim,
  'claims.output': appendOutput,
  'claims.complete': completeClaim,
  'claims.fail': failClaim,
  'claims.close': closeClaim,
  'claims.authorize': authorizeAction,
  'claims.connect': connect,
  'work.note': writeNote,
  'work.done': workDone,
  'work.escalate': workEscalated,
  'artifacts.upload': uploadArtifact,
  'artifacts.download': downloadArtifact,
  'events.follow': followEvents,
  'audit.query': queryAudit,
  'audit.heads': listHeads,
  'audit.export': exportAudit,
  'audit.verify': verifyAudit,
}

/**
 * The handler of an operation; by default the tenant object performs it. The parameter's type is the union of all exchanges, because the
 * compiler cannot follow that the handler of an id gets the exchange of the same id.
 */
export function handlerOf(id: OperationId): (exchange: Exchange) => Promise<Reply> | Reply {
  const handler = handlers[id as keyof Handlers] as ((exchange: Exchange) => Promise<Reply> | Reply) | undefined
  return handler ?? ((exchange) => performAndTell(exchange, exchange.id as TenantOperationId, exchange.input as never))
}
