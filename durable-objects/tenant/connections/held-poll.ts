/** Responsible for which first answers are worth waiting for, for how long and on whose behalf; it waits for nothing itself. */
import type { TenantOperationId } from '@modelreins/contract'
import type { TenantAnswer } from '../kernel/call.ts'
import { actingWorker } from '../workers/acting-worker.ts'
import type { Caller, CommandContext } from '../kernel/context.ts'
import type { Store } from '../kernel/open-store.ts'

/** Seconds a call may be held because its first answer was empty. */
export function heldFor(operation: TenantOperationId, input: object, first: TenantAnswer<TenantOperationId>): number {
  const wait = 'wait' in input && typeof input.wait === 'number' ? input.wait : 0
  if (wait === 0 || !first.ok) return 0
  const value: object = first.value
  if (operation === 'claims.poll') {
    const active = 'killswitch' in value && (value.killswitch as { readonly active: boolean }).active
    return !active && 'offers' in value && Array.isArray(value.offers) && value.offers.length === 0 ? wait : 0
  }
  if (undecided(operation, first) !== undefined) return wait
  if (operation === 'claims.inbox') return 'jobs' in value && Array.isArray(value.jobs) && value.jobs.length === 0 ? wait : 0
  return 0
}

/** The review that a call waits for, while nobody has decided it. */
export function undecided(operation: TenantOperationId, answer: TenantAnswer<TenantOperationId>): number | undefined {
  if (!answer.ok) return undefined
  const value: object = answer.value
  if (operation === 'claims.authorize')
    return 'outcome' in value && value.outcome === 'waiting' && 'review_id' in value ? Number(value.review_id) : undefined
  return operation === 'reviews.get' && 'status' in value && value.status === 'pending' && 'id' in value ? Number(value.id) : undefined
}

/** Whose work a held poll waits for. */
export function waiterOf(store: Store, caller: Caller, input: object): string | undefined {
  const name =
    'worker' in input && typeof input.worker === 'string'
      ? input.worker
      : 'instance' in input && typeof input.instance === 'string'
        ? input.instance
        : undefined
  const worker = actingWorker({ caller, store } as CommandContext, name)
  return worker.ok ? worker.value.worker_id : undefined
}
