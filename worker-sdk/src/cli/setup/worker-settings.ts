/** Responsible for the worker's options from the command line: typed flags, a redeemed one-time view, and the default path of the outbox. */
import { accessSync, constants, mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { parseCredentialToken } from '@modelreins/contract'
import {
  findSetting,
  resolveOptions,
  settings,
  type ResolvedOptions,
  type SettingName,
  type WorkerOptions,
} from '../../worker/settings/options.ts'
import { providerSettings } from '../../worker/settings/provider-choice.ts'
import type { ProviderSettings } from '../../providers/provider.ts'
import { keyNamed, serverAddress } from './config-keys.ts'
import { keepView, noServer } from './connection.ts'
import type { CommandContext } from '../context.ts'
import type { Invocation } from '../arguments/invocation.ts'
import { settingNames } from '../table/flags.ts'
import { looksLikeView } from './redeem-token.ts'
import { UsageError } from '../arguments/usage-error.ts'

function flagValue(invocation: Invocation, name: SettingName): string | number | boolean | undefined {
  const { flag, kind } = settings[name]
  if (!invocation.has(flag)) return undefined
  if (kind === 'count') return invocation.count(flag)
  return kind === 'flag' ? invocation.on(flag) : invocation.text(flag)
}

/** Only the options that flags set. */
export function flagOptions(invocation: Invocation): WorkerOptions {
  const options: WorkerOptions = {}
  for (const name of settingNames) {
    const value = flagValue(invocation, name)
    if (value !== undefined) Object.assign(options, { [name]: name === 'url' ? serverAddress(String(value)) : value })
  }
  return options
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''

/** The options of flags, with a redeemed token in place of a one-time view URL. Throws `UsageError` when server or token cannot be found. */
export async function workerOptions(context: CommandContext): Promise<WorkerOptions> {
  const options = flagOptions(context.invocation)
  const config = context.config()
  const url = findSetting('url', options, context.env, config).value
  const token = findSetting('token', options, context.env, config)
  if (isText(token.value) && looksLikeView(token.value)) {
    const server = isText(url) ? serverAddress(url) : undefined
    const found = { token: token.value, place: token.origin === 'option' ? '--token' : token.place }
    // `config set token <URL>` opens a view. A URL that was written to the file by hand is not opened here.
    if (token.origin === 'config')
      throw new UsageError(`${token.place} is a one-time view URL`, '`modelreins-worker config set token <URL>` opens it')
    const kept = await keepView(context, found, server, keyNamed('token'))
    return { ...options, url: kept.url, token: kept.token }
  }
  if (!isText(url) && !isText(token.value)) {
    throw new UsageError('This worker is not set up yet', 'run `modelreins-worker --setup`, or set MODELREINS_URL and MODELREINS_TOKEN')
  }
  if (!isText(url)) throw noServer()
  if (!isText(token.value)) {
    throw new UsageError('No token', 'give one: MODELREINS_TOKEN, `modelreins-worker config set token -`, or --token')
  }
  return options
}

/** All settings, even when server and token are missing, for checks of providers. */
export function resolvedSettings(context: CommandContext, more: WorkerOptions = {}): ResolvedOptions {
  const options = { ...flagOptions(context.invocation), ...more }
  const config = { ...context.config() }
  const missing = (name: 'url' | 'token'): boolean => findSetting(name, options, context.env, config).origin === 'default'
  const placeholder = { ...(missing('url') ? { url: 'http://localhost' } : {}), ...(missing('token') ? { token: 'none' } : {}) }
  return resolveOptions({ ...options, ...placeholder }, context.env, config)
}

export const settingsForProvider = (context: CommandContext, resolved: ResolvedOptions): ProviderSettings =>
  providerSettings(resolved, resolved.model, context.env)

/**
 * One journal per credential, next to the config file: two workers of one machine must not deliver each other's results. The label contains neither
 * the server's address nor the worker's name, since both can be written in several ways, except that workers with a member key are distinguished by
 * name.
 */
export function outboxPath(configFile: string, worker: Pick<ResolvedOptions, 'token' | 'name'>): string {
  const parts = parseCredentialToken(worker.token)
  const label =
    parts === undefined ? ['worker'] : [parts.tenant, parts.credential, ...(parts.kind === 'member' ? [worker.name ?? hostname()] : [])]
  return join(dirname(configFile), 'outbox', `${label.join('.').replaceAll(/[^A-Za-z0-9._-]/g, '_')}.jsonl`)
}

/** The default outbox; undefined when nothing can be written there, so that only memory is used. */
export function defaultOutbox(context: CommandContext, resolved: ResolvedOptions): string | undefined {
  const path = outboxPath(context.configPath, resolved)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    accessSync(dirname(path), constants.W_OK)
    return path
  } catch (error) {
    context.show.warn(
      `Undelivered completions are kept in memory alone: ${dirname(path)} cannot be written (${error instanceof Error ? error.message : String(error)})`,
    )
    return undefined
  }
}
