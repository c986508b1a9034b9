/** Responsible for finding the rooms of a list that take part in something: it is asked several times for every command, of some twenty rooms. */
import type { Room } from './room.ts'

/** The list is the same for an object's life. */
const found = new WeakMap<readonly Room[], Map<keyof Room, readonly Room[]>>()

/** Those that have this member, in their order. */
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
  // The filter above says so, which the compiler does not take from it.
  return having as readonly (Room & Required<Pick<Room, Member>>)[]
}
