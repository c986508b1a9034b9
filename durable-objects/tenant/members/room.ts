/** Responsible for registering the tenant's identity, members, tokens and one-time views with the kernel. */
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
    /** `session`: the id of the browser session that called; absent for calls with a key. */
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
