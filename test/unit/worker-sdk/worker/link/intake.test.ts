/** What becomes of offers: started, taken ahead while jobs are short, or given back. */
import { expect, it } from 'vitest'
import type { Offer, WorkerFrame } from '@modelreins/contract'
import {
  aheadMost,
  heldMs,
  Intake,
  leasedMs,
  shortInARow,
  shortMs,
  type IntakePorts,
} from '../../../../../worker-sdk/src/worker/link/intake.ts'
import type { StartedAhead } from '../../../../../worker-sdk/src/worker/job/started-ahead.ts'
import type { SocketLink } from '../../../../../worker-sdk/src/worker/link/socket-link.ts'
import { jobOf } from '../../support/job.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const offerOf = (id: number): Offer => ({
  job: jobOf({ id }),
  lease: { token: `token-${id}`, attempt: 1, expires_at: '2026-01-01T00:00:05Z' },
})

const slotsOf = (limit: number, running: (() => void)[]): IntakePorts['slots'] => ({
  limit,
  get free() {
    return limit - running.length
  },
  admit() {
    if (running.length === limit) return undefined
    const release = (): void => void running.splice(running.indexOf(release), 1)
    running.push(release)
    return release
  },
})

const creditOf = (isClosed: () => boolean): IntakePorts['credit'] => ({
  get closed() {
    return isClosed()
  },
  changed: () => undefined,
})

/** An intake with slots, and what it did with the offers that it was given. */
class Scene {
  readonly clock = new ManualClock()
  readonly started: number[] = []
  readonly declined: string[] = []
  readonly running: (() => void)[] = []
  closed = false
  readonly intake: Intake
  /** Ids of what was started before there was a slot, has got one, and was given back. */
  readonly ahead: number[] = []
  readonly begun: number[] = []
  readonly handedBack: number[] = []
  /** The server has said of them that they have started. */
  readonly answered = new Set<number>()
  /** Ends one of them, as the server would. */
  readonly gone = new Map<number, () => void>()

  constructor(slots: number, takesBack = false, canStart: (offer: Offer) => boolean = () => true) {
    const { clock, ahead, begun, handedBack, answered, gone } = this
    const send = (frame: WorkerFrame): void => void (frame.type === 'decline' && this.declined.push(frame.token))
    this.intake = new Intake({
      clock: this.clock,
      slots: slotsOf(slots, this.running),
      credit: creditOf(() => this.closed),
      run: (offer) => this.started.push(offer.job.id),
      canStartAhead: canStart,
      startAhead: (offer, onGone) => {
        const { id } = offer.job
        ahead.push(id)
        const since = clock.now()
        const attempt = {
          get startedAt() {
            return answered.has(id) ? since : undefined
          },
          begin: () => void begun.push(id),
          giveBack: () => void handedBack.push(id),
        } as unknown as StartedAhead
        gone.set(id, () => onGone(attempt))
        return attempt
      },
      link: () => ({ send, takes: () => takesBack }) as unknown as SocketLink,
      debug: () => undefined,
    })
  }

  /** The attempt that runs longest ends after so many milliseconds. */
  end(ms: number): void {
    this.intake.ended(ms)
    this.running[0]?.()
    this.intake.look()
  }

  /** As many short jobs as it takes. */
  warm(ms = shortMs, jobs = shortInARow): this {
    for (let id = 1001; id <= 1000 + jobs; id += 1) {
      this.intake.take(offerOf(id))
      this.end(ms)
    }
    this.started.length = 0
    return this
  }

  take(from: number, to: number): void {
    for (let id = from; id <= to; id += 1) this.intake.take(offerOf(id))
  }
}

it('takes nothing ahead before jobs are known to be short', () => {
  const { intake, started, declined } = new Scene(1)
  expect(intake.room).toBe(1)
  intake.take(offerOf(1))
  expect(intake.room).toBe(0)
  intake.take(offerOf(2))
  expect({ started, declined }).toEqual({ started: [1], declined: ['token-2'] })
})

it('takes as many ahead as it has slots while jobs are short, and starts them in their order as slots become free', () => {
  const scene = new Scene(2).warm()
  expect(scene.intake.room).toBe(4)
  for (const id of [1, 2, 3, 4]) scene.intake.take(offerOf(id))
  expect({ started: scene.started, room: scene.intake.room }).toEqual({ started: [1, 2], room: 0 })
  scene.intake.take(offerOf(5))
  expect(scene.declined).toEqual(['token-5'])
  scene.end(1)
  expect({ started: scene.started, room: scene.intake.room }).toEqual({ started: [1, 2, 3], room: 1 })
  scene.end(1)
  expect(scene.started).toEqual([1, 2, 3, 4])
})

it('gives back what it took ahead when an attempt takes longer, and takes no more', () => {
  const scene = new Scene(2).warm()
  for (const id of [1, 2, 3]) scene.intake.take(offerOf(id))
  scene.end(shortMs + 1)
  expect({ started: scene.started, declined: scene.declined, room: scene.intake.room }).toEqual({
    started: [1, 2],
    declined: ['token-3'],
    room: 1,
  })
})

it('gives back what it took ahead when no slot becomes free for it, long before the offer lapses', async () => {
  const scene = new Scene(1).warm()
  scene.intake.take(offerOf(1))
  scene.intake.take(offerOf(2))
  await scene.clock.advance(heldMs - 1)
  scene.end(1)
  scene.intake.take(offerOf(3))
  await scene.clock.advance(heldMs - 1)
  expect({ started: scene.started, declined: scene.declined }).toEqual({ started: [1, 2], declined: [] })
  await scene.clock.advance(1)
  expect({ declined: scene.declined, room: scene.intake.room }).toEqual({ declined: ['token-3'], room: 0 })
})

it('gives everything back when it may start nothing any more, and declines what comes then', () => {
  const scene = new Scene(1).warm()
  scene.intake.take(offerOf(1))
  scene.intake.take(offerOf(2))
  scene.closed = true
  scene.intake.look()
  scene.intake.take(offerOf(3))
  expect({ started: scene.started, declined: scene.declined, room: scene.intake.room }).toEqual({
    started: [1],
    declined: ['token-2', 'token-3'],
    room: 0,
  })
})

it('starts nothing of a connection that has ended', () => {
  const scene = new Scene(1).warm()
  scene.intake.take(offerOf(1))
  scene.intake.take(offerOf(2))
  scene.intake.forget()
  scene.end(1)
  expect({ started: scene.started, declined: scene.declined }).toEqual({ started: [1], declined: [] })
})

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

it('starts what the slots will need in the next ten milliseconds, and holds as many offers behind it', () => {
  const scene = new Scene(1, true).warm(2, 200)
  scene.take(1, 20)
  expect({ started: scene.started, ahead: scene.ahead, declined: scene.declined }).toEqual({
    started: [1],
    ahead: numbers(2, 5),
    declined: numbers(10, 20).map((id) => `token-${id}`),
  })
  scene.end(2)
  expect({ begun: scene.begun, ahead: scene.ahead, room: scene.intake.room }).toEqual({ begun: [2], ahead: numbers(2, 6), room: 1 })
})

it('starts at most so many ahead, however short they are', () => {
  const scene = new Scene(1, true).warm(0, 400)
  expect(scene.intake.room).toBe(100)
  scene.take(1, 100)
  scene.take(101, 200)
  expect(scene.ahead).toEqual(numbers(2, aheadMost))
  expect(scene.declined).toEqual(numbers(2 * aheadMost, 200).map((id) => `token-${id}`))
})

it('starts nothing ahead where the server takes nothing back, or before jobs are known to be short', () => {
  const old = new Scene(1).warm(0, 400)
  old.take(1, 3)
  const cold = new Scene(1, true).warm(0, shortInARow - 1)
  cold.take(1, 3)
  expect({ old: old.ahead, room: old.intake.room, cold: cold.ahead }).toEqual({ old: [], room: 0, cold: [] })
})

it('leaves an offer that cannot be given back its place, holds few of its kind, and goes on by and by after as many others', async () => {
  const scene = new Scene(2, true, ({ job }) => job.id !== 4).warm(0, 400)
  scene.take(1, 5)
  expect({ started: scene.started, ahead: scene.ahead, declined: scene.declined }).toEqual({
    started: [1, 2],
    ahead: [3],
    declined: ['token-5'],
  })
  scene.end(0)
  scene.end(0)
  expect({ started: scene.started, begun: scene.begun }).toEqual({ started: [1, 2, 4], begun: [3] })
  const rooms: number[] = []
  for (let id = 10; id < 10 + 3 * shortInARow; id += 1) {
    scene.take(id, id)
    scene.end(0)
    rooms.push(scene.intake.room)
    await scene.clock.advance(0)
  }
  expect(rooms).toEqual(rooms.toSorted((left, right) => left - right))
  expect({ first: rooms[0], last: rooms.at(-1) }).toEqual({ first: 2, last: 68 })
})

it('starts no more ahead when an attempt takes longer, declines the offers, and hands back what has not begun a moment later', async () => {
  const scene = new Scene(1, true).warm(2, 200)
  scene.take(1, 7)
  for (const id of scene.ahead) scene.answered.add(id)
  await scene.clock.advance(heldMs - 1)
  scene.end(heldMs - 1)
  expect({ declined: scene.declined, begun: scene.begun, room: scene.intake.room, handedBack: scene.handedBack }).toEqual({
    declined: ['token-6', 'token-7'],
    begun: [2],
    room: 0,
    handedBack: [],
  })
  await scene.clock.advance(1)
  expect({ handedBack: scene.handedBack, ahead: scene.ahead }).toEqual({ handedBack: [3, 4, 5], ahead: numbers(2, 5) })
})

it('hands back what has started and waits for a slot too long, whatever begins meanwhile', async () => {
  const scene = new Scene(1, true).warm(0, 400)
  scene.take(1, 3)
  await scene.clock.advance(heldMs + shortMs)
  expect({ waited: 'for the server', handedBack: scene.handedBack }).toEqual({ waited: 'for the server', handedBack: [] })
  for (const id of [2, 3]) scene.answered.add(id)
  scene.end(0)
  await scene.clock.advance(heldMs)
  expect({ begun: scene.begun, handedBack: scene.handedBack }).toEqual({ begun: [2], handedBack: [3] })
})

it.each([
  { time: 'less than its lease certainly lasts', ms: leasedMs, begun: [2], handedBack: [] },
  { time: 'so long that it may have lost its lease', ms: leasedMs + 1, begun: [], handedBack: [2, 3] },
])('after a blocked event loop: what has waited $time', ({ ms, begun, handedBack }) => {
  const scene = new Scene(1, true).warm(0, 400)
  scene.take(1, 3)
  for (const id of [2, 3]) scene.answered.add(id)
  scene.clock.sleep(ms)
  scene.end(ms)
  expect({ begun: scene.begun, handedBack: scene.handedBack }).toEqual({ begun, handedBack })
})

it('hands back at once what has not begun when it may start nothing any more', () => {
  const scene = new Scene(1, true).warm(0, 400)
  scene.take(1, 3)
  scene.closed = true
  scene.intake.look()
  expect(scene.handedBack).toEqual([2, 3])
})

it('goes on without what the server refused or ended', () => {
  const scene = new Scene(1, true).warm(0, 400)
  scene.take(1, 4)
  scene.gone.get(2)?.()
  scene.end(0)
  expect(scene.begun).toEqual([3])
})

it('keeps what has started when the connection ends, and forgets the offers', () => {
  const scene = new Scene(1, true).warm(2, 200)
  scene.take(1, 8)
  scene.intake.forget()
  for (let id = 1; id < 8; id += 1) scene.end(2)
  expect({ begun: scene.begun, started: scene.started, declined: scene.declined }).toEqual({
    begun: [2, 3, 4, 5],
    started: [1],
    declined: [],
  })
})

it('starts nothing ahead once it was given back too often for the short ones in between', async () => {
  const scene = new Scene(1, true).warm(0, 400)
  const round = async (id: number): Promise<boolean> => {
    const before = scene.ahead.length
    scene.take(id, id + 70)
    const ahead = scene.ahead.slice(before)
    for (const one of ahead) scene.answered.add(one)
    await scene.clock.advance(heldMs)
    scene.end(heldMs)
    scene.warm(0, shortInARow)
    return ahead.length > 0
  }
  let rounds = 0
  while (rounds < 20 && (await round(1_000 * (rounds + 2)))) rounds += 1
  expect(rounds).toBe(3)
  scene.warm(0, 40 * aheadMost)
  expect(await round(90_000)).toBe(true)
})
