/** Responsible for finding the rooms that have a given member: cached, because each command needs it several times, over some twenty rooms. */
import type { Room } from './room.ts'

/** Keyed by the list of rooms, which stays the same for the life of an object. */
const found = new WeakMap<readonly Room[], Map<keyof Room, readonly Room[]>>()

/** The rooms that have this member, in the order of the list. */
export function roomsWith<Member extends keyof Room>(
  rooms: readonly Room[],
  member: Member,
): readonly (Room & Required<Pick<Room, Member>>)[] {
  let byMember = found.get(rooms)
  if (byMember === undefined) {
    byMember = new Map()
    found.set(rooms, byMember)
  }
  let having = byMember.get(member)
  if (having === undefined) {
    having = rooms.filter((room) => room[member] !== undefined)
    byMember.set(member, having)
  }
  // The filter above ensures this, but the compiler cannot infer it.
  return having as readonly (Room & Required<Pick<Room, Member>>)[]
}
