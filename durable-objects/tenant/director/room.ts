/** Responsible for registering the Director's catalogue with the kernel. */
import type { Room } from '../kernel/room.ts'
import { directorCommands } from './commands.ts'

export const directorRoom = { name: 'director', commands: directorCommands } satisfies Room
