/** Responsible for handing the killswitch to the kernel. Its state is in queue/workforce/, since every claim asks for it. */
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
