/** Responsible for what time alone changes, room by room: doing what is due, and when to come back. A late or doubled alarm changes nothing. */
import type { CommandContext, ReadContext } from './context.ts'

export function runDuties(ctx: CommandContext): void {
  for (const room of ctx.rooms) for (const duty of room.duties ?? []) duty.run(ctx)
}

/** The next time that some duty has something to do, in milliseconds; undefined when nothing waits for time. */
export function nextDue(ctx: ReadContext): number | undefined {
  const times = ctx.rooms.flatMap((room) => (room.duties ?? []).flatMap((duty) => duty.next(ctx) ?? []))
  return times.length === 0 ? undefined : Math.min(...times)
}
