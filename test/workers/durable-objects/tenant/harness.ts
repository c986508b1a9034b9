/** Responsible for a provisioned tenant object to test against, and for saying calls in few words. Time moves only by hand. */
import { createHash } from 'node:crypto'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import type { Capability, Input, LeaseToken, Offer, Role, TenantOperationId, WorkerKind } from '@modelreins/contract'
import { operations, parseLeaseToken } from '@modelreins/contract'
import type { CallCredential, TenantAnswer, TenantGate } from '../../../../durable-objects/tenant/call.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

let made = 0
/** Every call is one of its own. */
let calls = 0

export interface WorkerHandle {
  readonly id: string
  readonly name: string
  readonly credential: CallCredential
}

export interface MemberHandle {
  readonly id: string
  readonly name: string
  readonly credential: CallCredential
  /** Nobody has opened it yet, unless `openView` did. */
  readonly view_id: string
}

/** Freezes `Date`, far ahead of the real clock so that no alarm rings by itself; timers stay real. Returns how to move time. */
export function frozenTime(start = Date.parse('2036-06-01T12:00:00Z')): { now: number; pass: (ms: number) => void } {
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  const clock = {
    now: start,
    pass(ms: number): void {
      clock.now += ms
      vi.setSystemTime(clock.now)
    },
  }
  return clock
}

export class TestTenant {
  readonly name: string
  readonly owner: CallCredential
  #credentials = 0

  constructor(name: string) {
    this.name = name
    this.owner = { kind: 'member', credential: 'ownercred', hash: sha256(`${name} owner`) }
  }

  static async create(): Promise<TestTenant> {
    made += 1
    const tenant = new TestTenant(`t${made}x${Math.floor(performance.now())}`)
    const answer = await tenant.stub.provision({
      tenant: tenant.name,
      name: tenant.name,
      owner_name: 'Olga',
      minted: {
        credential: 'ownercred',
        hash: sha256(`${tenant.name} owner`),
        view: { id: `vw${tenant.name}owner`, iv: 'iv', ciphertext: 'sealed' },
      },
      request_id: 'test',
    })
    if (!answer.ok) throw new Error(answer.failure.detail)
    return tenant
  }

  get raw(): DurableObjectStub {
    return env.TENANT.get(env.TENANT.idFromName(this.name))
  }

  get stub(): TenantGate {
    return this.raw as unknown as TenantGate
  }

  /** Parsed like the edge parses, so defaults and coercions are the real ones. */
  async as<Id extends TenantOperationId>(credential: CallCredential, operation: Id, input: Input<Id>): Promise<TenantAnswer<Id>> {
    return this.stub.perform({
      operation,
      input: operations[operation].input.parse(input) as never,
      credential,
      request_id: `test${(calls += 1)}`,
      minted: this.#mint(),
    })
  }

  async call<Id extends TenantOperationId>(operation: Id, input: Input<Id>): Promise<TenantAnswer<Id>> {
    return this.as(this.owner, operation, input)
  }

  /** As `call`, for calls that must succeed. */
  async must<Id extends TenantOperationId>(
    operation: Id,
    input: Input<Id>,
    credential: CallCredential = this.owner,
  ): Promise<Extract<TenantAnswer<Id>, { ok: true }>['value']> {
    const answer = await this.as(credential, operation, input)
    if (!answer.ok) throw new Error(`${operation}: ${answer.failure.code}: ${answer.failure.detail}`)
    return answer.value
  }

  #mint() {
    this.#credentials += 1
    const credential = `cred${this.#credentials}x${this.name}`
    return { credential, hash: sha256(credential), view: { id: `vw${this.name}${this.#credentials}`, iv: 'iv', ciphertext: 'sealed' } }
  }

  async worker(
    name: string,
    capabilities: Capability[] = [],
    more: Input<'presence.report'> = {},
    kind: WorkerKind = 'silicon',
  ): Promise<WorkerHandle> {
    const registered = await this.must('workers.register', { name, capabilities, kind })
    const credential = `cred${this.#credentials}x${this.name}`
    const handle: WorkerHandle = { id: registered.worker_id, name, credential: { kind: 'worker', credential, hash: sha256(credential) } }
    await this.present(handle, more)
    return handle
  }

  async member(name: string, role: Role): Promise<MemberHandle> {
    const created = await this.must('members.create', { name, role })
    const credential = `cred${this.#credentials}x${this.name}`
    const view_id = `vw${this.name}${this.#credentials}`
    return { id: created.member_id, name, credential: { kind: 'member', credential, hash: sha256(credential) }, view_id }
  }

  /** Takes the key from the one-time view, as the person does whom it is for. */
  async openView({ view_id }: Pick<MemberHandle, 'view_id'>): Promise<void> {
    await this.must('views.reveal', { view_id }, { kind: 'none' })
  }

  async present(worker: WorkerHandle, more: Input<'presence.report'> = {}): Promise<void> {
    await this.must('presence.report', { instance: `${worker.name}-1`, status: 'active', ...more }, worker.credential)
  }

  async offers(worker: WorkerHandle, max = 1): Promise<readonly Offer[]> {
    return (await this.must('claims.poll', { max }, worker.credential)).offers
  }

  /** The worker takes its next job and starts it. */
  async start(worker: WorkerHandle): Promise<{ readonly id: number; readonly lease: CallCredential }> {
    const [offer] = await this.offers(worker)
    if (offer === undefined) throw new Error(`${worker.name} was offered nothing`)
    const lease = this.lease(offer)
    await this.must('claims.start', { job_id: offer.job.id }, lease)
    return { id: offer.job.id, lease }
  }

  lease(offer: Offer): CallCredential {
    const lease = parseLeaseToken(offer.lease.token) as LeaseToken
    return { kind: 'lease', lease }
  }
}

export const failureOf = (answer: TenantAnswer<TenantOperationId>): string => (answer.ok ? 'ok' : answer.failure.code)
