/** Frames as messages: what travels together, what waits for an answer, and what the server is told of free slots. */
import { expect, it } from 'vitest'
import { SocketLink } from '../../../../../worker-sdk/src/worker/link/socket-link.ts'
import type { SocketHandlers } from '../../../../../worker-sdk/src/worker/link/socket.ts'
import { jobOf } from '../../support/job.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const welcome = {
  type: 'welcome',
  worker: { worker_id: 'w_aaaaaaaaaa', name: 'tester', paused: false, capabilities: [] },
  config: {},
  config_version: 0,
  killswitch: { level: 0, active: false, reason: null, generation: 0 },
  aborts: [],
  server_time: '2026-01-01T00:00:00.000Z',
  intervals: { heartbeat_ms: 10_000, poll_wait_s: 25 },
}

class Scene {
  readonly clock = new ManualClock()
  readonly sent: unknown[] = []
  readonly pushed: string[] = []
  credit = 0
  #handlers: SocketHandlers | undefined
  readonly link: SocketLink

  constructor() {
    this.link = new SocketLink({
      open: (_url, _headers, handlers) => {
        this.#handlers = handlers
        return { send: (text) => void this.sent.push(JSON.parse(text)), close: () => undefined, terminate: () => undefined }
      },
      clock: this.clock,
      url: 'http://localhost',
      token: 'token',
      hello: () => ({ type: 'hello', instance: 'one' }),
      credit: () => this.credit,
      onPush: ({ type }) => void this.pushed.push(type),
      onUnread: (why) => void this.pushed.push(why),
      onProblem: () => undefined,
    })
  }

  say(...frames: unknown[]): void {
    this.#handlers?.onMessage(JSON.stringify(frames.length === 1 ? frames[0] : frames))
  }

  hangUp(): void {
    this.#handlers?.onClose(1000, '')
  }

  start(token: string): void {
    this.link.request({ type: 'start', token }).catch(() => undefined)
  }
}

const greeted = (): Scene => {
  const scene = new Scene()
  scene.say(welcome)
  expect(scene.link.open, scene.pushed.join()).toBe(true)
  return scene
}

const started = (ref: number) => ({ type: 'started', ref, attempt: 1, expires_at: '2026-01-01T00:00:30Z' })
const offer = (id: number) => ({
  type: 'offer',
  job: jobOf({ id }),
  lease: { token: `t${id}`, attempt: 1, expires_at: '2026-01-01T00:00:05Z' },
})

it('has frames wait for an answer while two messages have none, and sends them as one then', async () => {
  const scene = greeted()
  for (const token of ['a', 'b', 'c', 'd']) {
    scene.start(token)
    await turn()
  }
  const request = (ref: number, token: string) => ({ type: 'start', token, ref })
  expect(scene.sent).toEqual([request(1, 'a'), request(2, 'b')])
  scene.say(started(1))
  await turn()
  expect(scene.sent.slice(2)).toEqual([[request(3, 'c'), request(4, 'd')]])
})

it('does not wait long for an answer', async () => {
  const scene = greeted()
  for (const token of ['a', 'b', 'c']) {
    scene.start(token)
    await turn()
  }
  expect(scene.sent).toHaveLength(2)
  await scene.clock.advance(25)
  expect(scene.sent).toHaveLength(3)
})

it('tells of free slots when the server, which counts its offers, believes otherwise, and else says nothing', async () => {
  const scene = greeted()
  const change = async (slots: number): Promise<void> => {
    scene.credit = slots
    scene.link.creditChanged()
    await turn()
  }
  await change(2)
  scene.say(offer(1), offer(2))
  await change(0)
  expect(scene.sent).toEqual([{ type: 'credit', slots: 2 }])
  await change(2)
  expect(scene.sent.slice(1)).toEqual([{ type: 'credit', slots: 2 }])
})

it('handles a long message in its order, also when the connection ends meanwhile', async () => {
  const scene = greeted()
  scene.pushed.length = 0
  const abort = { type: 'abort', job_id: 1, attempt: 1, reason: 'by hand' }
  scene.say(...Array.from({ length: 120 }, (_, index) => offer(index + 1)), abort)
  expect(scene.pushed.length).toBeLessThan(121)
  scene.hangUp()
  expect(scene.pushed).toEqual([...Array.from({ length: 120 }, () => 'offer'), 'abort'])
  await scene.link.ended
})
