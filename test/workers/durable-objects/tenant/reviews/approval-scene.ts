/** Responsible for the scene of the approval tests: who there is, the ways a job comes before a human, and looking into the object. */
import { runInDurableObject } from 'cloudflare:test'
import type { Input, Job, Review } from '@modelreins/contract'
import type { MemberHandle, WorkerHandle } from '../harness.ts'
import { TestTenant } from '../harness.ts'

export const capability = 'mail.send'

/** Ahead of the real clock, which rings the alarms: none rings of itself here. */
export const noon = Date.parse('2040-06-01T12:00:00Z')

export interface Scene {
  readonly tenant: TestTenant
  /** Dispatches, and as an owner might also approve. */
  readonly olga: TestTenant['owner']
  readonly rosa: MemberHandle
  readonly ruth: MemberHandle
  /** Her tier for `mail.send` is `approve`. */
  readonly anna: WorkerHandle
}

export async function scene(tier: 'approve' | 'session' | 'audit' | 'auto' = 'approve'): Promise<Scene> {
  const tenant = await TestTenant.create()
  const rosa = await tenant.member('Rosa', 'reviewer')
  const ruth = await tenant.member('Ruth', 'reviewer')
  for (const member of [rosa, ruth]) await tenant.openView(member)
  const anna = await tenant.worker('anna', [{ name: capability, risk_tier: tier }])
  return { tenant, olga: tenant.owner, rosa, ruth, anna }
}

export const setTier = (at: Scene, risk_tier: 'approve' | 'session' | 'audit' | 'auto'): Promise<unknown> =>
  at.tenant.must('workers.update', { worker_id: at.anna.id, capabilities: [{ name: capability, risk_tier }] })

const request: Input<'jobs.dispatch'> = { prompt: 'Write to the customer', capability }

/** Starts the job the way workers do: takes the offer, starts it. */
export async function runOffered({ tenant, anna }: Scene): Promise<Job> {
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('no offer')
  return (await tenant.must('claims.start', { job_id: offer.job.id }, tenant.lease(offer))).job
}

/** One attempt that a human has released, ended with this error. */
async function failOnce(at: Scene, retryable: boolean): Promise<void> {
  const { tenant, anna, rosa } = at
  const job = await tenant.must('jobs.dispatch', request)
  await tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, rosa.credential)
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('no offer')
  await tenant.must('claims.start', { job_id: job.id }, tenant.lease(offer))
  await tenant.must('claims.fail', { job_id: job.id, error: { type: 'x', message: 'y', retryable } }, tenant.lease(offer))
}

export interface Clock {
  pass(ms: number): void
}

/** Every way in which a job comes to wait for a human; each answers the job, held. */
export const entrances: Readonly<Record<string, (at: Scene, clock: Clock) => Promise<Job>>> = {
  dispatch: ({ tenant }) => tenant.must('jobs.dispatch', request),
  'dispatch of a batch': async ({ tenant }) => {
    const [job] = (await tenant.must('jobs.dispatch_batch', { jobs: [request, { prompt: 'harmless' }] })).items
    if (job === undefined) throw new Error('no job')
    return job
  },
  create: ({ tenant }) => tenant.must('jobs.create', request),
  'create for a target': ({ tenant }) => tenant.must('jobs.create', { ...request, target: 'anna' }),
  'a schedule': ({ tenant }) => tenant.must('jobs.dispatch', { ...request, not_before: new Date(noon - 3_600_000).toISOString() }),
  'retry by a member': async (at) => {
    await failOnce(at, false)
    return at.tenant.must('jobs.retry', { job_id: 1 })
  },
  'retry of many': async (at) => {
    await failOnce(at, false)
    await at.tenant.must('jobs.retry_many', { capability })
    return at.tenant.must('jobs.get', { job_id: 1 })
  },
  'retry by itself': async (at, clock) => {
    await failOnce(at, true)
    clock.pass(10_000)
    await at.tenant.present(at.anna)
    return at.tenant.must('jobs.get', { job_id: 1 })
  },
  'a lost worker': async (at, clock) => {
    const { tenant, rosa } = at
    const job = await tenant.must('jobs.dispatch', request)
    await tenant.must('reviews.decide', { review_id: job.review_id ?? 0, verdict: 'approve' }, rosa.credential)
    await runOffered(at)
    clock.pass(31_000)
    await tenant.must('presence.list', {})
    clock.pass(10_000)
    await tenant.present(at.anna)
    return tenant.must('jobs.get', { job_id: 1 })
  },
  'update of the target': async (at) => {
    await at.tenant.worker('bert', [{ name: capability, risk_tier: 'auto' }])
    const job = await at.tenant.must('jobs.dispatch', { ...request, target: 'bert' })
    if (job.hold !== null) throw new Error('held too early')
    return at.tenant.must('jobs.update', { job_id: job.id, target: 'anna' })
  },
  'a tier made stricter': async (at) => {
    await setTier(at, 'auto')
    const job = await at.tenant.must('jobs.dispatch', request)
    if (job.hold !== null) throw new Error('held too early')
    await setTier(at, 'approve')
    await at.tenant.offers(at.anna)
    return at.tenant.must('jobs.get', { job_id: job.id })
  },
  'a tier made stricter behind an offer': async (at) => {
    await setTier(at, 'auto')
    await at.tenant.must('jobs.dispatch', request)
    const [offer] = await at.tenant.offers(at.anna)
    if (offer === undefined) throw new Error('no offer')
    await setTier(at, 'approve')
    await at.tenant.as(at.tenant.lease(offer), 'claims.start', { job_id: offer.job.id })
    return at.tenant.must('jobs.get', { job_id: offer.job.id })
  },
  'a worker that is gone': async (at, clock) => {
    const bert = await at.tenant.worker('bert', [{ name: capability, risk_tier: 'auto' }])
    const job = await at.tenant.must('jobs.dispatch', { ...request, tags: [] })
    if (job.worker_id !== bert.id && job.hold === null) throw new Error('not held, and not bert’s')
    if (job.hold === 'review') return job
    clock.pass(5 * 60_000)
    await at.tenant.present(at.anna)
    await at.tenant.offers(at.anna)
    return at.tenant.must('jobs.get', { job_id: job.id })
  },
}

export const review = (at: Scene, job: Pick<Job, 'review_id'>): Promise<Review> =>
  at.tenant.must('reviews.get', { review_id: job.review_id ?? 0 })

/** Changes rows behind the object's back, as nobody should be able to. */
export const tamper = (tenant: TestTenant, sql: string): Promise<void> =>
  runInDurableObject(tenant.raw, (_, state) => void state.storage.sql.exec(sql))

/** Actions of the audit trail, oldest first, of those that begin with one of these words. */
export const trail = (tenant: TestTenant, ...beginnings: readonly string[]): Promise<readonly string[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    state.storage.sql
      .exec<{ action: string }>("select json_extract(row, '$.action') as action from audit order by seq")
      .toArray()
      .map((row) => row.action)
      .filter((action) => beginnings.some((beginning) => action.startsWith(beginning))),
  )

/** Summaries of the rows of one action, oldest first. */
export const said = (tenant: TestTenant, action: string): Promise<readonly string[]> =>
  runInDurableObject(tenant.raw, (_, state) =>
    state.storage.sql
      .exec<{ summary: string }>(
        "select json_extract(row, '$.summary') as summary from audit where json_extract(row, '$.action') = ? order by seq",
        action,
      )
      .toArray()
      .map((row) => row.summary),
  )
