/** Responsible for handing the tenant's identity, its members, tokens and one-time views to the kernel. */
import type { Room } from '../kernel/room.ts'
import { memberCommands } from './commands.ts'
import { CredentialStore } from './credential-store.ts'
import type { MemberRow } from './credential-store.ts'
import { IdentityStore } from './identity-store.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly credentials: CredentialStore
    readonly identity: IdentityStore
  }
  interface Callers {
    /** `session`: the browser session that called; absent for a key. */
    member: { readonly member: MemberRow; readonly session?: string }
  }
}

export const memberRoom = {
  name: 'members',
  commands: memberCommands,
  tables: ({ db, values, forget }) => {
    const credentials = new CredentialStore(db, forget)
    return { credentials, requesters: credentials, identity: new IdentityStore(values) }
  },
  duties: [
    {
      next: ({ store }) => store.credentials.nextViewExpiry(),
      run: ({ at, store }) => store.credentials.eraseExpiredViews(at),
    },
  ],
} satisfies Room
