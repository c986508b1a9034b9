/** Responsible for the list of commands about browser sessions, passkeys and bans. */
import { passkeyCommands } from './passkeys.ts'
import { sessionListCommands } from './sessions.ts'
import { create, createWithPasskey } from './sign-in.ts'

export const sessionCommands = {
  ...sessionListCommands,
  ...passkeyCommands,
  'sessions.create': create,
  'sessions.create_with_passkey': createWithPasskey,
}
