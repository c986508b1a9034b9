/** Responsible for the interface of another queue as the benches use it. It names no product. */
export interface Peer {
  readonly name: string
  readonly version: string
  /** Adds `count` jobs to the queue with its fastest call. */
  readonly fill: (count: number) => Promise<void>
  /** Runs handlers that do nothing, `concurrency` at a time, until `count` jobs have ended; returns the milliseconds. */
  readonly drain: (count: number, concurrency: number) => Promise<number>
  /**
   * Runs handlers that do nothing, `concurrency` at a time; `onDone` is called for each ended job. Returns a function that stops them. Peers without
   * it are only measured with `drain`.
   */
  readonly work?: (concurrency: number, onDone: () => void) => Promise<() => Promise<void>>
  /** Adds one job with the call for single jobs; resolves when the queue has stored it. */
  readonly add: () => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** The payload of every job, in our queue and in the peers. */
export const payload = { prompt: 'Measure this job' } as const
export const result = 'measured'
/** Jobs in one bulk call, in our queue and in the peers. */
export const bulk = 1_000

/** Calls `call` with the size of each portion, up to `count` in all. */
export async function inPortions(count: number, call: (size: number) => Promise<unknown>): Promise<void> {
  for (let left = count; left > 0; left -= bulk) await call(Math.min(bulk, left))
}
