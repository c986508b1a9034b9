/** Responsible for passkeys as the browser makes and uses them (WebAuthn level 3, the JSON forms); the server says what to sign. */
import type { Input, Output } from '@modelreins/contract'
import { client } from './client.ts'

export const passkeysWork = (): boolean => typeof PublicKeyCredential === 'function' && isSecureContext

/** Cancelled or timed out: the person knows, and nothing has happened. */
export const isCancelled = (error: unknown): boolean =>
  error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError')

function answered(credential: Credential | null): PublicKeyCredential {
  if (credential instanceof PublicKeyCredential) return credential
  throw new Error('The browser gave no passkey.')
}

export type Assertion = Input<'sessions.create_with_passkey'>['credential']

/** Has the person use one of their passkeys for what the server asks to be signed. */
export async function askPasskey(options: Output<'sessions.passkey_options'>): Promise<Assertion> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({ ...options, allowCredentials: [...options.allowCredentials] })
  // `toJSON` is of a registration or of an assertion; `get` answers the latter.
  return answered(await navigator.credentials.get({ publicKey })).toJSON() as Assertion
}

export async function signInWithPasskey(): Promise<void> {
  const options = await client.call('sessions.passkey_options', {})
  await client.call('sessions.create_with_passkey', { credential: await askPasskey(options) })
}

export async function addPasskey(name: string): Promise<void> {
  const options = await client.call('passkeys.options', {})
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const credential = answered(await navigator.credentials.create({ publicKey }))
  // `create` answers a registration.
  await client.call('passkeys.create', { name, credential: credential.toJSON() as Input<'passkeys.create'>['credential'] })
}
