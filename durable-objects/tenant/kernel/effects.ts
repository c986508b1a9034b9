/** Responsible for performing effects after a commit: each goes to the rooms that handle its kind, in the order of the commands' requests. */
import type { Effect } from './context.ts'
import type { Host } from './host.ts'
import { roomsWith } from './rooms-with.ts'

export function performEffects(host: Host, effects: readonly Effect[]): void {
  for (const effect of effects) {
    for (const room of roomsWith(host.rooms, 'effects')) {
      // The kind selects the handler, and the handler accepts effects of that kind; the compiler cannot connect the two.
      const perform = room.effects[effect.kind] as ((host: Host, effect: Effect) => void) | undefined
      perform?.(host, effect)
    }
  }
}
