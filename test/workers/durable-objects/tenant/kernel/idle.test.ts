import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant } from '../harness.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('an idle tenant sleeps: from its last job on, an hour rings for the signed head alone', async () => {
  const clock = frozenTime()
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  await tenant.must('jobs.dispatch', { prompt: 'x' })
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('no offer')
  await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
  await tenant.must('claims.complete', { job_id: 1 }, tenant.lease(offer))
  const rung: number[] = []
  for (const begun = clock.now; clock.now < begun + 60 * 60_000;) {
    // Between two alarms an idle object hibernates: memory knows nothing at the next one.
    await abortAllDurableObjects()
    const due = await runInDurableObject(tenant.raw, (_, state) => state.storage.getAlarm())
    if (due === null || due > begun + 60 * 60_000) break
    clock.pass(Math.max(0, due - clock.now))
    await runDurableObjectAlarm(tenant.raw)
    rung.push(Math.round((clock.now - begun) / 60_000))
    expect(rung.length).toBeLessThan(10)
  }
  // One backs up the shipping and the lease of the job, the other signs; what is left may ask once more, and no more.
  expect(rung.length, `minutes: ${rung.join()}`).toBeLessThanOrEqual(3)
  expect(rung.at(-1)).toBeLessThanOrEqual(12)
})

it('what a one-time view shows is erased after its day, although nobody comes and nothing else happens', async () => {
  const clock = frozenTime()
  const tenant = await TestTenant.create()
  const shown = (): Promise<number> =>
    runInDurableObject(tenant.raw, (_, state) =>
      Number(state.storage.sql.exec('select count(*) n from views where ciphertext is not null').one()['n']),
    )
  expect(await shown()).toBe(1)
  for (let rings = 0; (await shown()) > 0; rings += 1) {
    await abortAllDurableObjects()
    const due = await runInDurableObject(tenant.raw, (_, state) => state.storage.getAlarm())
    if (due === null) throw new Error('nothing would ever erase it')
    clock.pass(Math.max(0, due - clock.now))
    await runDurableObjectAlarm(tenant.raw)
    expect(rings).toBeLessThan(6)
  }
})
