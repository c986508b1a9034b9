/** Responsible for the keys of the config file: their names, their valid values, and which are secret. */
import { parseCredentialToken, tokenPrefixes } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import { isProviderName, providerNames } from '../../providers/index.ts'
import {
  resolveOptions,
  settings,
  type ConfigValues,
  type Environment,
  type Setting,
  type SettingName,
} from '../../worker/settings/options.ts'
import type { ConfigChange } from './config-file.ts'
import { didYouMean } from '../../nearest.ts'
import { settingNames } from '../table/flags.ts'
import { UsageError } from '../arguments/usage-error.ts'

export interface ConfigKey {
  /** The name that `config set` writes. */
  readonly name: string
  /** Older and alternative names, in the file and on the command line. */
  readonly aliases: readonly string[]
  readonly env: readonly string[]
  readonly secret: boolean
  readonly about: string
  /** Undefined for a key of the CLI itself. */
  readonly setting: SettingName | undefined
}

const ofSetting = (name: SettingName): ConfigKey => {
  const row: Setting = settings[name]
  const [first = row.flag, ...others] = row.config
  return {
    name: first,
    aliases: [...new Set([...others, row.flag, name])].filter((alias) => alias !== first),
    env: row.env,
    secret: row.secret === true,
    about: row.about,
    setting: name,
  }
}

/**
 * A member key that is stored in addition to the worker's token: the worker uses the token, while `dispatch`, `workers`, `kill` and other commands
 * use the key.
 */
export const adminKey: ConfigKey = {
  name: 'admin_token',
  aliases: ['admin-token', 'adminToken'],
  env: ['MODELREINS_ADMIN_TOKEN'],
  secret: true,
  about: 'Member key for commands that are not the worker',
  setting: undefined,
}

export const configKeys: readonly ConfigKey[] = [...settingNames.map(ofSetting), adminKey]

export function keyNamed(word: string): ConfigKey {
  const found = configKeys.find((key) => key.name === word || key.aliases.includes(word))
  if (found !== undefined) return found
  const names = configKeys.map((key) => key.name)
  const all = configKeys.flatMap((key) => [key.name, ...key.aliases])
  throw new UsageError(`There is no setting "${word}"${didYouMean(word, all)}`, `settings: ${names.join(', ')}`)
}

/** The value in the form of the config file. Throws `UsageError` for a value that a worker would reject. */
export function checkedValue(key: ConfigKey, text: string): string | number | boolean {
  const value = text.trim()
  if (value === '') throw new UsageError(`${key.name} needs a value; \`config unset ${key.name}\` removes it`)
  if (key.setting === undefined) return value
  if (key.setting === 'url') return serverAddress(value)
  if (key.setting === 'type' && !isProviderName(value)) {
    throw new UsageError(`There is no provider "${value}"${didYouMean(value, providerNames)}`, `providers: ${providerNames.join(', ')}`)
  }
  const { kind } = settings[key.setting]
  const typed =
    kind === 'count'
      ? Number(value)
      : kind === 'flag'
        ? /^(?:true|1|yes)$/.test(value) || (/^(?:false|0|no)$/.test(value) ? false : value)
        : value
  try {
    resolveOptions({ url: 'http://localhost', token: 'none' }, {}, { [key.name]: typed })
  } catch (error) {
    if (error instanceof ModelReinsError) throw new UsageError(error.message.replace(' in the config file', ''))
    throw error
  }
  return typed
}

/** A name with a dot, a port, or this machine. A single word is more likely a typing error than a host. */
const looksLikeHost = /^(?:localhost\b|[^/]*[.:\]])/

/** The address without a trailing slash; https is assumed for a host without a scheme. */
export function serverAddress(text: string): string {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
    ? text
    : `${/^(?:localhost|127\.|\[::1\])/.test(text) ? 'http' : 'https'}://${text}`
  try {
    if (withScheme !== text && !looksLikeHost.test(text)) throw new Error('not a host')
    const url = new URL(withScheme)
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error('not HTTP')
    if (url.username !== '' || url.password !== '') throw new UsageError('The address of the server must not hold a password')
    return url.origin + url.pathname.replace(/\/+$/, '')
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`"${text}" is not the address of a server: expected something like https://reins.example.com`)
  }
}

/** Writes one key and removes its other names, so that none of them can contradict it. */
export const changeOf = (key: ConfigKey, value: string | number | boolean | undefined): ConfigChange => ({
  ...Object.fromEntries(key.aliases.map((alias) => [alias, undefined])),
  [key.name]: value,
})

/** The value of a key under any of its names. */
export function valueIn(config: ConfigValues, key: ConfigKey): unknown {
  const found = [key.name, ...key.aliases].find((name) => config[name] !== undefined && config[name] !== null && config[name] !== '')
  return found === undefined ? undefined : config[found]
}

/** The environment variable that overrides the config file, if one is set. */
export const overriddenBy = (key: ConfigKey, env: Environment): string | undefined =>
  key.env.find((name) => env[name] !== undefined && env[name] !== '')

const secretName = /token|key|secret|pass/i
const secretValue = /^mr[kwl]_/

/** Only kind and tenant of a token are shown; nothing else of a secret, not even its length. */
export function masked(value: string): string {
  const token = parseCredentialToken(value.trim())
  return token === undefined ? '****' : `${tokenPrefixes[token.kind]}${token.tenant}_****`
}

/** How a value of the file may be shown: keys that merely look like secrets are masked too. */
export function shownValue(name: string, value: unknown): string {
  const key = configKeys.find((one) => one.name === name || one.aliases.includes(name))
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const secret = key?.secret === true || (key === undefined && secretName.test(name)) || secretValue.test(text)
  return secret ? masked(text) : text
}
