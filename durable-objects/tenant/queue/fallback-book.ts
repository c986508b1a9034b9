/** Responsible for which waiting jobs may go on elsewhere, and when they are looked at next. Memory only; found again by their index. */
import type { CommandContext } from '../kernel/context.ts'

export interface FallbackBook {
  readonly waiting: Set<number>
  /** Milliseconds since 1970. */
  lookAt: number
}

/** Somebody has gone, or has no quota any more: jobs that wait for them need not wait for the next look. */
export function lookSoon({ at, live, onCommit }: Pick<CommandContext, 'at' | 'live' | 'onCommit'>): void {
  if (live.fallback.waiting.size === 0) return
  onCommit(() => {
    live.fallback.lookAt = at
    live.due.hint(at + 1)
  })
}
