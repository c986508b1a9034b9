/** Following a fleet costs views of those that may have changed, not of everybody; that nobody is missed is tried in the tests of the roster. */
import { runInDurableObject } from 'cloudflare:test'
import { afterEach, expect, it, vi } from 'vitest'
import type { Host } from '../../../../../durable-objects/tenant/kernel/host.ts'
import type { Room } from '../../../../../durable-objects/tenant/kernel/room.ts'
import { PresenceWatch } from '../../../../../durable-objects/tenant/events/presence-watch.ts'
import { rooms } from '../../../../../durable-objects/tenant/rooms.ts'
import { frozenTime, TestTenant } from '../harness.ts'
import { TestSocket } from '../workers/socket-client.ts'

// The one list: nothing else is touched.
const list = rooms as Room[]
let room: Room | undefined
afterEach(() => {
  if (room !== undefined) list.splice(list.indexOf(room), 1)
  vi.useRealTimers()
})

it('views one worker when one says something, and nobody when only time passes', { timeout: 60_000 }, async () => {
  const clock = frozenTime()
  let host: Host | undefined
  list.push((room = { name: 'watched', onCommit: (of) => void (host = of) }))
  const tenant = await TestTenant.create()
  const fleet = []
  for (let index = 0; index < 60; index += 1) fleet.push(await tenant.worker(`w${index}`))
  const [first, second] = fleet
  if (first === undefined || second === undefined || host === undefined) throw new Error('no fleet')
  const socket = await TestSocket.greet(tenant, second)
  const watch = new PresenceWatch()
  const changed = (): Promise<readonly string[]> =>
    runInDurableObject(tenant.raw, () => (host === undefined ? [] : watch.changes(host.read()).map(({ name }) => name)))
  expect(await changed()).toHaveLength(60)
  expect(watch.views).toBe(60)

  clock.pass(1_000)
  expect([await changed(), watch.views]).toEqual([[], 60])
  await tenant.present(first)
  expect([await changed(), watch.views]).toEqual([[], 61])
  await tenant.present(first, { machine: 'mini' })
  expect([await changed(), watch.views]).toEqual([['w0'], 62])
  socket.send({ type: 'credit', slots: 1 })
  await vi.waitFor(async () => expect(await changed()).toEqual(['w1']))
  expect(watch.views).toBe(63)
  // All but the first have been silent for so long that they count as gone, on a socket too.
  clock.pass(29_500)
  await tenant.present(first, { machine: 'mini' })
  expect(await changed()).toHaveLength(59)
  expect(watch.views).toBeLessThanOrEqual(63 + 60)
})
