/** Responsible for redeeming a one-time view: takes the ciphertext, which erases it on the server, and opens it with the key in the fragment. */
import { parseViewUrl, sealedView } from '@modelreins/contract'
import { systemClock } from './clock.ts'
import { ModelReinsError } from './error.ts'
import { parseJson, send, type Fetch } from './transport.ts'

/** What a view hides: a token, and whose it is. */
export interface RevealedToken {
  readonly token: string
  readonly kind: string
  readonly tenant: string
  /** Null when the token replaces an earlier one: `whoami` knows. */
  readonly name: string | null
}

export type Subtle = Pick<typeof globalThis.crypto.subtle, 'importKey' | 'decrypt'>

/** True for what looks like a one-time view URL: the CLI takes one wherever it takes a token. */
export const isViewUrl = (text: string): boolean => parseViewUrl(text) !== undefined

/** Works once per view. Throws `gone` when somebody was faster (`detail` says when), `invalid-request` for another URL. */
export async function redeemView(
  viewUrl: string,
  fetch: Fetch = globalThis.fetch,
  subtle: Subtle = globalThis.crypto.subtle,
): Promise<RevealedToken> {
  const view = parseViewUrl(viewUrl)
  if (view === undefined) {
    throw new ModelReinsError('This is not a one-time view URL: expected https://<server>/view/<id>#<key>, with everything after the #', {
      code: 'invalid-request',
      status: 0,
    })
  }
  const sealed = await send(
    {
      url: `${view.origin}/api/v1/views/${view.id}/reveal`,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: '{}',
      timeoutMs: 30_000,
    },
    { fetch, clock: systemClock },
    async (response) => sealedView.parse(await response.json()),
  )
  const key = await subtle.importKey('raw', fromBase64Url(view.key), 'AES-GCM', false, ['decrypt'])
  const plain = await subtle
    .decrypt({ name: 'AES-GCM', iv: fromBase64Url(sealed.iv) }, key, fromBase64Url(sealed.ciphertext))
    .catch((cause: unknown) => {
      throw new ModelReinsError('The key in the URL does not open this view: was the URL cut off?', {
        code: 'invalid-request',
        status: 0,
        cause,
      })
    })
  const revealed = parseJson(new TextDecoder().decode(plain))
  if (!isRevealed(revealed)) throw new ModelReinsError('The view holds something else than a token', { code: 'unexpected-response' })
  return revealed
}

function isRevealed(value: unknown): value is RevealedToken {
  if (typeof value !== 'object' || value === null) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  return ['token', 'kind', 'tenant'].every((name) => typeof fields.get(name) === 'string') && fields.get('name') !== undefined
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(new ArrayBuffer(binary.length))
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index)
  return bytes
}
