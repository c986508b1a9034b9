/** Responsible for executors that tests hold in their hand: ended when the test says so, or by their signal alone. */
import type { Executor, ExecutorReturn, JobContext } from '../../../../worker-sdk/src/index.ts'

export interface HeldJob {
  readonly ctx: JobContext
  finish(value?: ExecutorReturn): void
}

/** Every job waits to be finished by hand, and obeys its signal. */
export function handler(): { executor: Executor; running: () => Promise<HeldJob> } {
  const begun: HeldJob[] = []
  const waiting: ((held: HeldJob) => void)[] = []
  return {
    executor: (_, ctx) =>
      new Promise<ExecutorReturn>((resolve, reject) => {
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason))
        const held = { ctx, finish: resolve }
        const next = waiting.shift()
        if (next === undefined) begun.push(held)
        else next(held)
      }),
    /** The next job that has begun. */
    running: () => {
      const held = begun.shift()
      return held === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(held)
    },
  }
}
