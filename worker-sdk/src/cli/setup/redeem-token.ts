/** Responsible for a token that a person enters: directly, or as the URL of a one-time view, which is then opened. It stores nothing. */
import { webcrypto } from 'node:crypto'
import { parseCredentialToken } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import type { Fetch } from '../../client/transport.ts'
import { isViewUrl, redeemView } from '../../client/view.ts'
import { UsageError } from '../arguments/usage-error.ts'

export interface TakenToken {
  readonly token: string
  readonly kind: 'member' | 'worker' | undefined
  readonly tenant: string | undefined
  /** The holder's name on the server; undefined when only the token itself was entered. */
  readonly name: string | undefined
  /** Server of the view that was opened, which no longer exists. */
  readonly origin: string | undefined
}

/** Whether the text is meant as a view URL, even if it is incomplete. */
export const looksLikeView = (text: string): boolean => /^https?:\/\//i.test(text.trim())

function describe(token: string, name?: string, origin?: string): TakenToken {
  const parts = parseCredentialToken(token)
  // A browser's session token is only valid in its cookie.
  const kind = parts?.kind === 'session' ? undefined : parts?.kind
  return { token, kind, tenant: parts?.tenant, name, origin }
}

/**
 * Opens a view, once. Its URL contains the address by which the server knows itself; if that cannot be reached from here, `server` is used. Throws
 * `gone` when it was already opened.
 */
export async function takeToken(text: string, using: { readonly fetch: Fetch; readonly server?: string | undefined }): Promise<TakenToken> {
  const given = text.trim()
  if (!looksLikeView(given)) {
    if (/\s/.test(given) || given === '') throw new UsageError('This is not a token: a token is one word, such as mrw_...')
    return describe(given)
  }
  if (!isViewUrl(given)) {
    throw new UsageError(
      'This is neither a token nor a one-time view URL: expected https://<server>/view/<id>#<key>, with everything after the #',
      'in a shell, put the URL in quotes',
    )
  }
  const origin = new URL(given).origin
  try {
    return await opened(given, origin, using)
  } catch (error) {
    if (!(error instanceof ModelReinsError) || error.code !== 'gone') throw error
    throw new ModelReinsError(
      `${error.message} A one-time link opens once: \`workers rotate NAME\` or \`members rotate NAME\` makes a new one.`,
      { code: 'gone', status: error.status, cause: error },
    )
  }
}

async function opened(given: string, origin: string, using: Parameters<typeof takeToken>[1]): Promise<TakenToken> {
  try {
    const revealed = await redeemView(given, using.fetch, webcrypto.subtle)
    return describe(revealed.token, revealed.name ?? undefined, origin)
  } catch (error) {
    const elsewhere = using.server === undefined || new URL(using.server).origin === origin ? undefined : using.server
    if (elsewhere === undefined || !(error instanceof ModelReinsError) || error.code !== 'network') throw error
    const revealed = await redeemView(given.replace(origin, new URL(elsewhere).origin), using.fetch, webcrypto.subtle)
    return describe(revealed.token, revealed.name ?? undefined, new URL(elsewhere).origin)
  }
}
