/** Responsible for which server a command uses and with which key, and for storing a token from a one-time view. */
import { parseCredentialToken, tokenPrefixes } from '@modelreins/contract'
import { Client } from '../../client/client.ts'
import { findSetting } from '../../worker/settings/options.ts'
import { changeConfig } from './config-file.ts'
import { adminKey, changeOf, keyNamed, serverAddress, valueIn, type ConfigKey } from './config-keys.ts'
import type { CommandContext } from '../context.ts'
import { looksLikeView, takeToken } from './redeem-token.ts'
import { UsageError } from '../arguments/usage-error.ts'

export interface Connection {
  readonly client: Client
  readonly url: string
  readonly token: string
}

interface Candidate {
  readonly token: string
  /** Where it was found, for messages. */
  readonly place: string
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined)

export function serverOf(context: CommandContext): string | undefined {
  const flag = context.invocation.text('server')
  const found = findSetting('url', flag === undefined ? {} : { url: flag }, context.env, context.config())
  const address = text(found.value)
  return address === undefined ? undefined : serverAddress(address)
}

/** Places where a key can be, in order of preference. */
function candidates(context: CommandContext): readonly Candidate[] {
  const fromEnv = ['MODELREINS_ADMIN_TOKEN', 'MODELREINS_API_KEY', 'MODELREINS_TOKEN'].map((place) => ({
    place,
    token: text(context.env[place]),
  }))
  const config = context.config()
  const fromFile = [adminKey, keyNamed('token')].map((key) => ({
    place: `${key.name} in the config file`,
    token: text(valueIn(config, key)),
  }))
  return [...fromEnv, ...fromFile].flatMap(({ place, token }) => (token === undefined ? [] : [{ place, token }]))
}

const isMemberKey = (token: string): boolean => token.startsWith(tokenPrefixes.member)

/**
 * `--token`, else the first member key among variables and config file, else the first token of any kind. A worker's token may do little here, and
 * the server says so.
 */
function findKey(context: CommandContext): Candidate | undefined {
  const flag = text(context.invocation.text('token'))
  if (flag !== undefined) return { token: flag, place: '--token' }
  const all = candidates(context)
  return all.find(({ token }) => isMemberKey(token)) ?? all[0]
}

export async function connect(context: CommandContext): Promise<Connection> {
  const found = findKey(context)
  const server = serverOf(context)
  if (found === undefined) {
    throw new UsageError(
      'No key for the server',
      'give a member key: --token, MODELREINS_ADMIN_TOKEN, or `modelreins-worker config set admin_token -`',
    )
  }
  const view = looksLikeView(found.token)
  if (server === undefined && !view) throw noServer()
  const taken = view ? await keepView(context, found, server) : { token: found.token, url: server ?? '' }
  return { ...taken, client: new Client({ url: taken.url, token: taken.token, fetch: context.fetch, clock: context.system.clock }) }
}

export const noServer = (): UsageError =>
  new UsageError('No server address', 'give one: --server, MODELREINS_URL, or `modelreins-worker config set server <address>`')

/**
 * A view can be opened only once, so its token is stored in the config file. Refuses before opening it when the file already has another token in
 * that place.
 */
export async function keepView(
  context: CommandContext,
  found: Candidate,
  server: string | undefined,
  slot?: ConfigKey,
): Promise<{ readonly token: string; readonly url: string }> {
  const before = context.config()
  const occupied = [slot ?? keyNamed('token'), ...(slot === undefined ? [adminKey] : [])].filter(
    (key) => valueIn(before, key) !== undefined,
  )
  const [held] = occupied
  if (held !== undefined) {
    // The content of the link is unknown before it is opened. A member key takes effect only when it is stored where commands look first.
    const kept = occupied.includes(adminKey) ? adminKey : held
    throw new UsageError(
      `${found.place} is a one-time view URL, and the config file holds a ${held.name} already`,
      `\`modelreins-worker config set ${kept.name} <view URL>\` replaces it; MODELREINS_CONFIG names another file`,
    )
  }
  const taken = await takeToken(found.token, { fetch: context.fetch, server })
  const key = slot ?? (taken.kind === 'member' ? adminKey : keyNamed('token'))
  const url = server ?? taken.origin ?? ''
  changeConfig(context.configPath, {
    ...changeOf(key, taken.token),
    // Without its server the token could not be used the next time.
    ...(valueIn(before, keyNamed('server')) === undefined ? changeOf(keyNamed('server'), url) : {}),
  })
  context.show.warn(`The one-time view is opened; its token is kept as ${key.name} in ${context.configPath}`)
  return { token: taken.token, url }
}

/** An explanation for a refusal: the kind of token that may not do this. */
export function refusalHint(context: CommandContext): string | undefined {
  const found = findKey(context)
  if (found === undefined || parseCredentialToken(found.token)?.kind !== 'worker') return undefined
  return `${found.place} is a worker's token; this needs a member key: --token, MODELREINS_ADMIN_TOKEN, or \`config set admin_token -\``
}
