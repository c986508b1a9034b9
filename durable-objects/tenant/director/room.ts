/** Responsible for handing the Director's catalogue to the kernel. */
import type { Room } from '../kernel/room.ts'
import { directorCommands } from './commands.ts'

export const directorRoom = { name: 'director', commands: directorCommands } satisfies Room
