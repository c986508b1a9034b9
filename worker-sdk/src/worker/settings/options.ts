/**
 * Responsible for the worker's options: every setting from the first source that has it, in the order option > environment > config file > default.
 * Pure: it reads no file and no process.
 */
import type { Clock } from '../../client/clock.ts'
import { ModelReinsError } from '../../client/error.ts'
import type { Fetch } from '../../client/transport.ts'
import { isViewUrl } from '../../client/view.ts'
import { didYouMean } from '../../nearest.ts'
import type { Executor } from '../job/executor.ts'
import type { OpenSocket } from '../link/socket.ts'
import { settings, type ResolvedOptions, type Setting, type SettingName, type SettingOptions } from './table.ts'
import { reading } from './values.ts'

export { settings } from './table.ts'
export type { ResolvedOptions, Setting, SettingName, Transport } from './table.ts'
export { splitArgs } from '../../providers/child-process/split-args.ts'

/** Settings, and objects that only a program can pass. All except `url` and `token` have defaults. */
export interface WorkerOptions extends SettingOptions {
  /** Runs jobs instead of a provider. */
  executor?: Executor
  /** Replaceable for tests and special networks. */
  fetch?: Fetch
  clock?: Clock
  openSocket?: OpenSocket
  /** Environment variables; default: `process.env`. */
  env?: Environment
}

export type Environment = Readonly<Record<string, string | undefined>>
/** The config file's content: keys as `config set` writes them. */
export type ConfigValues = Readonly<Record<string, unknown>>

/** Options without a variable and a config key, and their types. */
const handedOver: Readonly<Record<Exclude<keyof WorkerOptions, SettingName>, 'function' | 'object'>> = {
  executor: 'function',
  fetch: 'function',
  clock: 'object',
  openSocket: 'function',
  env: 'object',
}

export type Origin = 'option' | 'environment' | 'config' | 'default'

interface Found {
  readonly value: unknown
  readonly origin: Origin
  /** How a message names the source: `MODELREINS_SLOTS`, `slots in the config file`. */
  readonly place: string
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

/** The source of a setting's value, and the value in its original form. */
export function findSetting(name: SettingName, options: WorkerOptions, env: Environment, config: ConfigValues): Found {
  const row: Setting = settings[name]
  if (isSet(options[name])) return { value: options[name], origin: 'option', place: `option ${name}` }
  const variable = row.env.find((candidate) => isSet(env[candidate]))
  if (variable !== undefined) return { value: env[variable], origin: 'environment', place: variable }
  const key = row.config.find((candidate) => isSet(config[candidate]))
  if (key !== undefined) return { value: config[key], origin: 'config', place: `${key} in the config file` }
  return { value: undefined, origin: 'default', place: 'default' }
}

interface OptionIssue {
  readonly path: string
  readonly message: string
}

/** Unknown option names, and passed objects of a wrong type. A mistyped name would otherwise be ignored silently. */
function unusable(options: WorkerOptions): OptionIssue[] {
  const known = [...Object.keys(settings), ...Object.keys(handedOver)]
  const unknown = Object.keys(options)
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: name, message: `there is no option ${name}${didYouMean(name, known)}` }))
  const wrong = Object.entries(handedOver).flatMap(([path, type]) => {
    const value: unknown = Reflect.get(options, path)
    return isSet(value) && typeof value !== type
      ? [{ path, message: `option ${path} must be ${type === 'function' ? 'a' : 'an'} ${type}` }]
      : []
  })
  return [...unknown, ...wrong]
}

/** What to do when a required setting is missing. */
const demanded: Partial<Record<SettingName, string>> = {
  url: 'no server address: pass `url`, set MODELREINS_URL, or run `modelreins-worker config set server <address>`',
  token: 'no token: pass `token`, set MODELREINS_TOKEN, or run `modelreins-worker config set token <token>`',
}

const emptyOf = ({ kind }: Setting): unknown => (kind === 'list' || kind === 'args' ? [] : undefined)

/** Resolves and checks all settings at once. Throws one `invalid-request` that names every problem and its source. */
export function resolveOptions(options: WorkerOptions, env: Environment, config: ConfigValues): ResolvedOptions {
  const issues = unusable(options)
  const read = (name: SettingName): unknown => {
    const row: Setting = settings[name]
    const found = findSetting(name, options, env, config)
    const missing = demanded[name]
    if (found.origin === 'default') {
      if (missing !== undefined) issues.push({ path: name, message: missing })
      return row.otherwise ?? emptyOf(row)
    }
    const { parse, expected } = reading(row)
    const value = parse(found.value)
    // The message shows the wrong value, except for secrets.
    const shown = typeof found.value === 'string' && row.secret !== true ? `, not "${found.value.slice(0, 100)}"` : ''
    if (value === undefined) issues.push({ path: name, message: `${found.place} must be ${expected}${shown}` })
    return value
  }
  const names = Object.keys(settings).filter((name): name is SettingName => Object.hasOwn(settings, name))
  const values: Readonly<Record<string, unknown>> = Object.fromEntries(names.map((name) => [name, read(name)]))
  if (issues.length > 0) {
    throw new ModelReinsError(issues.map((issue) => issue.message).join('; '), { code: 'invalid-request', status: 0, issues })
  }
  // Each value was parsed as its row says, and the type is derived from the same rows, but the compiler cannot follow the loop.
  const resolved = values as unknown as ResolvedOptions
  // A shell line without a type means the provider `spawn`.
  return {
    ...resolved,
    type: resolved.type ?? (options.executor !== undefined ? undefined : resolved.command === undefined ? 'claude' : 'spawn'),
  }
}

/** Throws for a one-time view URL, because opening it takes a call, which a constructor cannot make. */
export function refuseViewUrl(token: string): void {
  if (!isViewUrl(token)) return
  const message =
    'a one-time view URL is not the token: run `modelreins-worker config set token <url>`, or pass `(await redeemView(url)).token`'
  throw new ModelReinsError(message, { code: 'invalid-request', issues: [{ path: 'token', message }] })
}
