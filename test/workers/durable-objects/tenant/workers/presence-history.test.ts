/** Says what stays known of a worker that was there: its last day, its machine, the configuration that it runs with; and what that costs. */
import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant } from '../harness.ts'
import { TestSocket } from './socket-client.ts'

const minute = 60_000
let clock: ReturnType<typeof frozenTime>
beforeEach(() => {
  clock = frozenTime()
})
afterEach(() => {
  vi.useRealTimers()
})
const iso = (at: number): string => new Date(at).toISOString()

describe('a worker on a socket', () => {
  it('was there from its greeting to the end of its connection, also once the object has forgotten everything', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    clock.pass(60 * minute)
    const greeted = clock.now
    const socket = await TestSocket.greet(tenant, anna)
    const read = () => tenant.must('workers.get', { worker_id: anna.id })
    expect((await read()).presence_24h).toHaveLength(2)
    socket.close()
    await vi.waitFor(async () => expect((await tenant.must('presence.list', {})).items[0]?.transport).not.toBe('socket'), 20_000)
    clock.pass(2 * minute)
    await evictDurableObject(tenant.raw)
    const after = await read()
    // Two minutes ago is not long, but it was seen to leave.
    expect(after).toMatchObject({ state: 'offline', last_seen: iso(greeted) })
    expect(after.presence_24h?.at(-1)).toEqual({ from: iso(greeted), until: iso(greeted) })
    clock.pass(24 * 60 * minute)
    expect((await read()).presence_24h).toEqual([])
  })

  it('costs one row when it goes, and none while it is connected', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const socket = await TestSocket.greet(tenant, anna)
    const written = await runInDurableObject(tenant.raw, (_, state) => {
      const { sql } = state.storage
      const exec = sql.exec.bind(sql)
      const cursors: { readonly rowsWritten: number }[] = []
      sql.exec = ((...call: Parameters<typeof exec>) => {
        const cursor = exec(...call)
        cursors.push(cursor)
        return cursor
      }) as typeof exec
      return cursors
    })
    const rows = (): number => written.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)
    for (let beats = 1; beats <= 5; beats += 1) {
      clock.pass(10_000)
      socket.sendText('ping')
      await socket.untilPongs(beats)
    }
    socket.send({ type: 'presence', instance: 'anna-1' })
    await socket.next('welcome')
    expect(rows()).toBe(0)
    socket.close()
    await vi.waitFor(() => expect(rows()).toBe(1), 20_000)
  })
})

describe('a worker', () => {
  it('names its machine, and takes that back', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna', [], { machine: 'mac-mini' })
    const machine = async () => (await tenant.must('presence.list', {})).items[0]?.machine
    expect(await machine()).toBe('mac-mini')
    await tenant.present(anna)
    await evictDurableObject(tenant.raw)
    expect(await machine()).toBe('mac-mini')
    await tenant.present(anna, { machine: null })
    expect(await machine()).toBeNull()
  })

  it('says which version of its configuration it runs with; the time is that of the first word of it', async () => {
    const tenant = await TestTenant.create()
    const anna = await tenant.worker('anna')
    const applied = async () => (await tenant.must('workers.get', { worker_id: anna.id })).config_applied
    expect(await applied()).toBeNull()
    await tenant.must('workers.update', { worker_id: anna.id, config: { slots: 4 } })
    const at = iso(clock.now)
    await tenant.present(anna, { config_version: 2 })
    clock.pass(10 * minute)
    await tenant.present(anna, { config_version: 2 })
    expect(await applied()).toEqual({ version: 2, at })
  })
})
