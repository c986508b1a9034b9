/** Responsible for schedules: the hold that keeps a job with `not_before` from being offered early. It has no table and no command. */
import type { Room } from '../kernel/room.ts'
import { scheduleHold } from './hold.ts'

export const scheduleRoom = { name: 'schedules', hold: scheduleHold } satisfies Room
