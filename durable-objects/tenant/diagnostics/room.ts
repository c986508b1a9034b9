/** Responsible for the diagnostics room: a diagnosis of the tenant on request. */
import type { Room } from '../kernel/room.ts'
import { diagnosticsCommands } from './commands.ts'
import { DiagnosticsStore } from './diagnostics-store.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly diagnostics: DiagnosticsStore
  }
}

export const diagnosticsRoom = {
  name: 'diagnostics',
  tables: ({ db }) => ({ diagnostics: new DiagnosticsStore(db) }),
  commands: diagnosticsCommands,
} satisfies Room
