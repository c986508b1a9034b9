/** Responsible for redeeming a one-time view: gets the ciphertext, which erases it on the server, and decrypts it with the key in the fragment. */
import { parseViewUrl, sealedView, viewPlaintext, viewProofText, type ViewPlaintext } from '@modelreins/contract'
import { systemClock } from './clock.ts'
import { ModelReinsError } from './error.ts'
import { parseJson, send, type Fetch } from './transport.ts'

/** The content of a view: a token and its owner; `name` is null when the token replaces an earlier one. */
export type RevealedToken = ViewPlaintext

export type Subtle = Pick<typeof globalThis.crypto.subtle, 'importKey' | 'decrypt' | 'digest'>

/** Whether the text is a one-time view URL, which the CLI accepts wherever it accepts a token. */
export const isViewUrl = (text: string): boolean => parseViewUrl(text) !== undefined

/** Works once per view. Throws `gone` when the view was already redeemed (`detail` says when), and `invalid-request` for any other URL. */
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
      body: JSON.stringify({ proof: await proofOf(view.key, subtle) }),
      timeoutMs: 30_000,
    },
    { fetch, clock: systemClock },
    async (response) => sealedView.safeParse(parseJson(await response.text())),
  )
  if (!sealed.success) throw new ModelReinsError('This is not a view of a ModelReins server', { code: 'unexpected-response' })
  const key = await subtle.importKey('raw', fromBase64Url(view.key), 'AES-GCM', false, ['decrypt'])
  const plain = await subtle
    .decrypt({ name: 'AES-GCM', iv: fromBase64Url(sealed.data.iv) }, key, fromBase64Url(sealed.data.ciphertext))
    .catch((cause: unknown) => {
      throw new ModelReinsError('The key in the URL does not open this view: was the URL cut off?', {
        code: 'invalid-request',
        status: 0,
        cause,
      })
    })
  const revealed = viewPlaintext.safeParse(parseJson(new TextDecoder().decode(plain)))
  if (!revealed.success) throw new ModelReinsError('The view holds something else than a token', { code: 'unexpected-response' })
  return revealed.data
}

/** Proves to the server that the client has the key, without revealing it. */
async function proofOf(key: string, subtle: Subtle): Promise<string> {
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(viewProofText(key)))
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = new Uint8Array(new ArrayBuffer(binary.length))
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index)
  return bytes
}
