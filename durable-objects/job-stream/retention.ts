/** Responsible for the task of an alarm: write the transcript, empty the object, or ask about a close that never came. Pure. */
import { streamTimings } from './clock.ts'
import type { StreamState } from './store/stream-store.ts'

export type AlarmTask =
  /** The job has ended: its output goes to R2. */
  | { readonly kind: 'archive' }
  /** R2 has it, and no lease token lives any more: the object gives up its storage. */
  | { readonly kind: 'empty' }
  /** Nothing came for hours: has the job ended? */
  | { readonly kind: 'ask' }
  | { readonly kind: 'wait'; readonly until: number }

/** `heardAt`: when the last chunk came. Alarms may be late or come twice, so the state alone decides. */
export function alarmTaskOf(state: StreamState, heardAt: number, now: number): AlarmTask {
  if (state.end === null) {
    const askAt = heardAt + streamTimings.unwatched_silence_ms
    return now >= askAt ? { kind: 'ask' } : { kind: 'wait', until: askAt }
  }
  if (state.archived_at === null) return { kind: 'archive' }
  const emptyAt = state.archived_at + streamTimings.hot_ms
  return now >= emptyAt ? { kind: 'empty' } : { kind: 'wait', until: emptyAt }
}
