/** Responsible for registering browser sessions, passkeys and sign-in bans with the kernel. */
import type { Room } from '../kernel/room.ts'
import { sessionCommands } from './commands.ts'
import { SessionStore } from './session-store.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly sessions: SessionStore
  }
}

export const sessionRoom = {
  name: 'sessions',
  commands: sessionCommands,
  tables: ({ db, forget }) => ({ sessions: new SessionStore(db, forget) }),
  prune: ({ at, store }) => store.sessions.prune(at),
} satisfies Room
