/** Job rows as memory and storage have them: what is read together, and what is written of a start and a completion. */
import { runInDurableObject } from 'cloudflare:test'
import { drizzle } from 'drizzle-orm/durable-sqlite'
import { expect, it } from 'vitest'
import { JobStore } from '../../../../../durable-objects/tenant/queue/job-store.ts'
import { complete, emptyOutcome, start } from '../../../../../src/domain/job/job-machine.ts'
import type { JobRecord } from '../../../../../src/domain/job/job-machine.ts'
import { TestTenant } from '../harness.ts'

/** A store that remembers nothing yet. */
const fresh = (storage: DurableObjectStorage): JobStore =>
  new JobStore(drizzle(storage), () => undefined, { read: () => undefined, write: () => undefined })

const started = (job: JobRecord | undefined): JobRecord => {
  if (job === undefined) throw new Error('There is no such job')
  const begun = start(job, { worker_id: 'wkaaaaaaaaaa', nonce: 'n', at: job.created_at + 5, long: false })
  if (!begun.ok) throw new Error(begun.failure.detail)
  return begun.value
}

it('reads together what it would read one by one, and writes of each what any of them became', async () => {
  const tenant = await TestTenant.create()
  await tenant.worker('anna')
  for (const prompt of ['one', 'two', 'three']) await tenant.must('jobs.dispatch', { prompt, expires_in: 90, when_offline: 'queue' })
  await runInDurableObject(tenant.raw, (_object, { storage }) => {
    const [together, alone] = [fresh(storage), fresh(storage)]
    together.readAhead([1, 2, 3])
    for (const id of [1, 2, 3]) expect(together.get(id)).toEqual(alone.get(id))
    // With an expiry of its own, which a start ends, and without what it was before.
    for (const store of [together, fresh(storage)]) {
      const id = store === together ? 1 : 2
      const running = started(store.get(id))
      store.update(running, () => 1)
      expect(fresh(storage).get(id)).toEqual(running)
      const done = complete(running, { ...emptyOutcome, result: 'r' }, running.created_at + 9)
      store.update(done, () => 1)
      expect(fresh(storage).get(id)).toEqual(done)
      expect([...storage.sql.exec('SELECT pool, rank, expires_at FROM jobs WHERE id = ?', id)]).toEqual([
        { pool: null, rank: null, expires_at: null },
      ])
    }
  })
})
