/** Responsible for running the due duties of all rooms and finding the next due time. A late or repeated alarm does no harm. */
import type { CommandContext, ReadContext } from './context.ts'

export function runDuties(ctx: CommandContext): void {
  for (const room of ctx.rooms) for (const duty of room.duties ?? []) duty.run(ctx)
}

/** The earliest time at which a duty has something to do, milliseconds since 1970; undefined when no duty waits for a time. */
export function nextDue(ctx: ReadContext): number | undefined {
  const times = ctx.rooms.flatMap((room) => (room.duties ?? []).flatMap((duty) => duty.next(ctx) ?? []))
  return times.length === 0 ? undefined : Math.min(...times)
}
