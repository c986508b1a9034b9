/**
 * Responsible for which waiting jobs may take a step of their fallback chain, and when they are checked next. Kept in memory; restored from the index
 * of jobs.
 */
import type { CommandContext } from '../kernel/context.ts'

export interface FallbackBook {
  readonly waiting: Set<number>
  /** Milliseconds since 1970. */
  lookAt: number
}

/** A worker has left or has no quota any more: the jobs that wait for it are checked now instead of at the next interval. */
export function lookSoon({ at, live, onCommit }: Pick<CommandContext, 'at' | 'live' | 'onCommit'>): void {
  if (live.fallback.waiting.size === 0) return
  onCommit(() => {
    live.fallback.lookAt = at
    live.due.hint(at + 1)
  })
}
