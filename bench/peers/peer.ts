/** Responsible for what the benches ask of another queue. It names none. */
export interface Peer {
  readonly name: string
  readonly version: string
  /** Puts `count` jobs into the queue by the fastest call it has. */
  readonly fill: (count: number) => Promise<void>
  /** Lets handlers that do nothing take jobs until `count` have ended, `concurrency` at a time; answers the milliseconds. */
  readonly drain: (count: number, concurrency: number) => Promise<number>
  /** Starts handlers that do nothing, `concurrency` at once; `onDone` is told of each job that has ended. Answers how to stop them. Peers without it are only drained. */
  readonly work?: (concurrency: number, onDone: () => void) => Promise<() => Promise<void>>
  /** One job by the call that a program makes for one job; resolves when the queue has it. */
  readonly add: () => Promise<unknown>
  readonly stop: () => Promise<void>
}

/** What every job carries, ours and theirs. */
export const payload = { prompt: 'Measure this job' } as const
export const result = 'measured'
/** Jobs for one bulk call, ours and theirs. */
export const bulk = 1_000

/** Calls `call` with the size of each portion. */
export async function inPortions(count: number, call: (size: number) => Promise<unknown>): Promise<void> {
  for (let left = count; left > 0; left -= bulk) await call(Math.min(bulk, left))
}
