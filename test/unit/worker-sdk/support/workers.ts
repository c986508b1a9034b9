/** Responsible for workers in tests: started against a control plane, listened to, and stopped after each test. */
import { Worker } from '../../../../worker-sdk/src/index.ts'
import type { WorkerEvent, WorkerEvents } from '../../../../worker-sdk/src/index.ts'
import type { WorkerOptions } from '../../../../worker-sdk/src/index.ts'
import { ManualClock } from './manual-clock.ts'
import { workerToken, type ControlPlane } from './control-plane.ts'

export interface Heard {
  readonly event: WorkerEvent
  readonly payload: unknown
}

const events: readonly WorkerEvent[] = [
  'starting',
  'connected',
  'ready',
  'stopped',
  'job:start',
  'job:done',
  'job:error',
  'output',
  'killswitch',
  'error',
  'context',
  'config:applied',
]

export class WorkerBench {
  readonly #workers: { worker: Worker; clock: ManualClock | undefined }[] = []

  make(
    plane: ControlPlane,
    options: WorkerOptions = {},
  ): { worker: Worker; heard: Heard[]; next: <Event extends WorkerEvent>(event: Event) => Promise<WorkerEvents[Event]> } {
    const worker = new Worker({
      url: plane.url,
      token: workerToken,
      name: 'tester',
      // Without a provider named, an executor that has nothing to do.
      ...('type' in options || 'command' in options ? {} : { executor: () => 0 }),
      env: { MODELREINS_CONFIG: '/nonexistent/modelreins.json' },
      graceMs: 200,
      ...options,
    })
    this.#workers.push({ worker, clock: options.clock instanceof ManualClock ? options.clock : undefined })
    const heard: Heard[] = []
    for (const event of events) worker.on(event, (payload) => void heard.push({ event, payload }))
    const next = <Event extends WorkerEvent>(event: Event): Promise<WorkerEvents[Event]> =>
      new Promise((resolve) => worker.once(event, resolve))
    return { worker, heard, next }
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map(stopWorker))
  }
}

/** Time that only moves by hand is moved until the worker has stopped. */
async function stopWorker({ worker, clock }: { worker: Worker; clock: ManualClock | undefined }): Promise<void> {
  const stopped = worker.stop({ graceMs: 0 })
  if (clock !== undefined) while (worker.state !== 'stopped') await clock.advance(1_000)
  await stopped
}
