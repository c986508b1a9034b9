import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Room } from '../../../../../durable-objects/tenant/kernel/room.ts'
import { rooms } from '../../../../../durable-objects/tenant/rooms.ts'
import { frozenTime, TestTenant } from '../harness.ts'

const minute = 60_000

/** A room like any other: told of settled jobs, due once a minute, with a value of its own. */
const counter = {
  name: 'counter',
  restore: ({ at, store, live }) => {
    if (store.values.read('counter.next') !== undefined) live.due.hint(at)
  },
  duties: [
    {
      next: ({ store }) => store.values.read('counter.next') as number | undefined,
      run: ({ at, store }) => {
        const next = store.values.read('counter.next') as number | undefined
        if (next === undefined || next > at) return
        store.values.write('counter.minutes', Number(store.values.read('counter.minutes') ?? 0) + 1)
        store.values.write('counter.next', at + minute)
      },
    },
  ],
  onSettled: ({ at, store, live, onCommit }, job) => {
    const settled = (store.values.read('counter.settled') ?? []) as readonly string[]
    store.values.write('counter.settled', [...settled, `${job.id} ${job.status}`])
    if (store.values.read('counter.next') !== undefined) return
    store.values.write('counter.next', at + minute)
    onCommit(() => live.due.hint(at + minute))
  },
} satisfies Room

let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
  // The one list: nothing else is touched.
  const list = rooms as Room[]
  list.push(counter)
})
afterEach(() => {
  const list = rooms as Room[]
  list.splice(list.indexOf(counter), 1)
  vi.useRealTimers()
})

const valueOf = (tenant: TestTenant, key: string): Promise<unknown> =>
  runInDurableObject(tenant.raw, (_, state) => {
    const [row] = state.storage.sql.exec('select value from meta where key = ?', key).toArray()
    return row === undefined ? undefined : JSON.parse(String(row['value']))
  })

it('a room is added by one line: it is told of every job that settles, and is due once a minute, also after an eviction', async () => {
  const tenant = await TestTenant.create()
  const anna = await tenant.worker('anna')
  for (const prompt of ['done', 'aborted', 'waiting']) await tenant.must('jobs.dispatch', { prompt })
  const [offer] = await tenant.offers(anna)
  if (offer === undefined) throw new Error('no offer')
  await tenant.must('claims.start', { job_id: 1 }, tenant.lease(offer))
  expect(await valueOf(tenant, 'counter.settled')).toBeUndefined()
  await tenant.must('claims.complete', { job_id: 1 }, tenant.lease(offer))
  await tenant.must('jobs.abort', { job_id: 2 })
  expect(await valueOf(tenant, 'counter.settled')).toEqual(['1 done', '2 failed'])

  for (let passed = 1; passed <= 3; passed += 1) {
    await abortAllDurableObjects()
    clock.pass(minute)
    await runDurableObjectAlarm(tenant.raw)
    expect(await valueOf(tenant, 'counter.minutes')).toBe(passed)
  }
})
