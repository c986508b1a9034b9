/** Responsible for making and using passkeys in the browser (WebAuthn level 3, JSON forms); the server says what to sign. */
import type { Input, Output } from '@modelreins/contract'
import { client } from './client.ts'

export const passkeysWork = (): boolean => typeof PublicKeyCredential === 'function' && isSecureContext

/** Cancelled or timed out: the person knows that already, and nothing has changed. */
export const isCancelled = (error: unknown): boolean =>
  error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError')

function answered(credential: Credential | null): PublicKeyCredential {
  if (credential instanceof PublicKeyCredential) return credential
  throw new Error('The browser gave no passkey.')
}

export type Assertion = Input<'sessions.create_with_passkey'>['credential']

/** Asks the person to sign with one of their passkeys what the server names. */
export async function askPasskey(options: Output<'sessions.passkey_options'>): Promise<Assertion> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON({ ...options, allowCredentials: [...options.allowCredentials] })
  // The type of `toJSON` covers registrations and assertions; `get` returns an assertion.
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
  // `create` returns a registration.
  await client.call('passkeys.create', { name, credential: credential.toJSON() as Input<'passkeys.create'>['credential'] })
}
