/** Responsible for a token that a person hands over: as it is, or as the one-time view URL that holds it, which is opened. It keeps nothing. */
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
  /** As the server knows its holder; undefined when only the token itself was given. */
  readonly name: string | undefined
  /** Of the view that was opened, which exists no more. */
  readonly origin: string | undefined
}

/** A view is meant, whether or not it is whole. */
export const looksLikeView = (text: string): boolean => /^https?:\/\//i.test(text.trim())

function describe(token: string, name?: string, origin?: string): TakenToken {
  const parts = parseCredentialToken(token)
  // A browser's session token is good in its cookie only.
  const kind = parts?.kind === 'session' ? undefined : parts?.kind
  return { token, kind, tenant: parts?.tenant, name, origin }
}

/**
 * Opens a view, once. Its address is the one by which the server knew itself; when that cannot be reached from here, `server` is asked.
 * Throws `gone` when somebody was faster.
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
