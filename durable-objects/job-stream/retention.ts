/** Responsible for choosing an alarm's task: write the transcript, empty the object, or ask about a lost close; pure functions. */
import { streamTimings } from './clock.ts'
import type { StreamState } from './store/stream-store.ts'

export type AlarmTask =
  /** The job has ended: write its output to R2. */
  | { readonly kind: 'archive' }
  /** R2 has the output, and all lease tokens have expired: delete the object's storage. */
  | { readonly kind: 'empty' }
  /** No output for hours: ask whether the job has ended. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'wait'; readonly until: number }

/** `heardAt`: when the last chunk arrived. Alarms may be late or repeated, so only the state decides. */
export function alarmTaskOf(state: StreamState, heardAt: number, now: number): AlarmTask {
  if (state.end === null) {
    const askAt = heardAt + streamTimings.unwatched_silence_ms
    return now >= askAt ? { kind: 'ask' } : { kind: 'wait', until: askAt }
  }
  if (state.archived_at === null) return { kind: 'archive' }
  const emptyAt = state.archived_at + streamTimings.hot_ms
  return now >= emptyAt ? { kind: 'empty' } : { kind: 'wait', until: emptyAt }
}
