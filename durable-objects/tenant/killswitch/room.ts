/** Responsible for registering the killswitch with the kernel. Its state is in queue/workforce/, since every claim reads it. */
import type { Room } from '../kernel/room.ts'
import { AcknowledgementStore } from './acknowledgement-store.ts'
import { killswitchCommands } from './commands.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly acknowledgements: AcknowledgementStore
  }
}

export const killswitchRoom = {
  name: 'killswitch',
  commands: killswitchCommands,
  tables: ({ db }) => ({ acknowledgements: new AcknowledgementStore(db) }),
} satisfies Room
