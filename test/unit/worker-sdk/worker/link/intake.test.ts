/** What becomes of offers: started, taken ahead while jobs are short, or given back. */
import { expect, it } from 'vitest'
import type { Offer, WorkerFrame } from '@modelreins/contract'
import { heldMs, Intake, shortInARow, shortMs, type IntakePorts } from '../../../../../worker-sdk/src/worker/link/intake.ts'
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

  constructor(slots: number) {
    const send = (frame: WorkerFrame): void => void (frame.type === 'decline' && this.declined.push(frame.token))
    this.intake = new Intake({
      clock: this.clock,
      slots: slotsOf(slots, this.running),
      credit: creditOf(() => this.closed),
      run: (offer) => this.started.push(offer.job.id),
      link: () => ({ send }) as unknown as SocketLink,
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
  warm(): this {
    for (let id = 1001; id <= 1000 + shortInARow; id += 1) {
      this.intake.take(offerOf(id))
      this.end(shortMs)
    }
    this.started.length = 0
    return this
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
