/** Responsible for passkeys as the browser makes and uses them (WebAuthn level 3, the JSON forms); the server says what to sign. */
import { call } from './call.ts'

export const passkeysWork = (): boolean => typeof PublicKeyCredential === 'function' && isSecureContext

interface Answered {
  toJSON(): unknown
}
const answered = (credential: Credential | null): Answered => {
  if (credential === null || !(credential instanceof PublicKeyCredential)) throw new Error('The browser gave no passkey.')
  return credential
}
const bytes = (text: string): ArrayBuffer =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0)).buffer

type RequestJson = Parameters<typeof PublicKeyCredential.parseRequestOptionsFromJSON>[0]
type CreationJson = Parameters<typeof PublicKeyCredential.parseCreationOptionsFromJSON>[0]

/** Cancelled or timed out: the person knows, and nothing has happened. */
export const isCancelled = (error: unknown): boolean =>
  error instanceof DOMException && (error.name === 'NotAllowedError' || error.name === 'AbortError')

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
/** Servers answer the options alone, or as `{publicKey}`, as the browser takes them. */
const optionsOf = <Json>(value: unknown): Json => (field(value, 'publicKey') ?? field(value, 'options') ?? value) as Json

export async function askPasskey(options: unknown): Promise<unknown> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(optionsOf<RequestJson>(options))
  return answered(await navigator.credentials.get({ publicKey })).toJSON()
}

export async function signInWithPasskey(): Promise<void> {
  const options = await call('POST', '/api/v1/sessions/passkey/options', {})
  await call('POST', '/api/v1/sessions/passkey', { credential: await askPasskey(options) })
}

export async function addPasskey(name: string): Promise<void> {
  const options = await call('POST', '/api/v1/passkeys/options', {})
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(optionsOf<CreationJson>(options))
  const credential = answered(await navigator.credentials.create({ publicKey }))
  await call('POST', '/api/v1/passkeys', { name, credential: credential.toJSON() })
}

export { bytes as fromBase64Url }
