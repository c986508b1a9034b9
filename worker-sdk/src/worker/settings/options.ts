/**
 * Responsible for the worker's options: one table that names each option's environment variable and config key, and the
 * precedence option > environment > config file > default. Pure: it reads no file and no process.
 */
import type { Clock } from '../../client/clock.ts'
import { ModelReinsError } from '../../client/error.ts'
import type { Fetch } from '../../client/transport.ts'
import { isViewUrl } from '../../client/view.ts'
import { didYouMean } from '../../nearest.ts'
import type { Executor } from '../job/executor.ts'
import type { OpenSocket } from '../link/socket.ts'

export type Transport = 'auto' | 'socket' | 'poll'

/** First what programs have always passed, down to `executor`, then what was added since. All but `url` and `token` have defaults. */
export interface WorkerOptions {
  /** The server's address. */
  url?: string
  /** A worker token (`mrw_`), or a member key with `name` (the companion path). */
  token?: string
  /** How the worker calls itself in events; with a member key: which registered worker it is. Default: as registered; with a member key, the host's name. */
  name?: string
  /** The provider: claude, aider, codex, ollama-http, lmstudio, nocturne, onemin, http, playwright, spawn. Default: claude. */
  type?: string
  model?: string
  /** "a,b" or a list. */
  tags?: string | readonly string[]
  networks?: string | readonly string[]
  /** Milliseconds between heartbeats while polling, until the server says otherwise. Default: 5,000. */
  pollMs?: number
  workDir?: string
  /** `spawn`: the shell line to run. */
  command?: string
  promptArg?: string
  /** A list, or one line that is split at blanks; quotes hold together. */
  extraArgs?: string | readonly string[]
  outputFormat?: string
  /** Runs jobs instead of a provider. */
  executor?: Executor

  /** Jobs at a time. Default: 1. */
  slots?: number
  /** Address of the provider's own service, where it has one. */
  endpoint?: string
  /** `auto` (default): the socket, and long polls while it cannot be had. */
  transport?: Transport
  /** Take the name over from another process that holds it. */
  takeover?: boolean
  /** Completions that could not be delivered are kept in this file and delivered after a restart. Default: in memory. */
  outboxFile?: string
  /** More values that must never leave the machine in output, results or errors. */
  redact?: string | readonly string[]
  /** Private hosts that providers may reach. */
  allowHosts?: string | readonly string[]
  /** Milliseconds that `stop()` waits for running jobs before it hands them back. Default: 30,000. */
  graceMs?: number
  /** Seconds an attempt may say nothing, where its job does not say; 0: as long as its timeout. Default: the provider's own. */
  silenceTimeout?: number
  /** `claude`: whether a run whose tools were denied has failed (`fail`), or is only told about (`tell`, the default). */
  deniedTools?: string
  /** What the provider's program or server says in each job is written to this file, redacted, for bug reports. */
  record?: string
  /** Context characters loaded per job at most. Default: the server's. */
  contextBudget?: number

  /** Replaceable for tests and special networks. */
  fetch?: Fetch
  clock?: Clock
  openSocket?: OpenSocket
  /** Where variables are read; `process.env` by default. */
  env?: Environment
}

export type Environment = Readonly<Record<string, string | undefined>>
/** The config file's content: keys as `config set` writes them. */
export type ConfigValues = Readonly<Record<string, unknown>>

type Kind = 'text' | 'list' | 'args' | 'count' | 'flag'
export type SettingName = Exclude<keyof WorkerOptions, 'executor' | 'fetch' | 'clock' | 'openSocket' | 'env'>

export interface Setting {
  readonly kind: Kind
  /** First one set wins. */
  readonly env: readonly string[]
  /** Keys in the config file; the first is the one that `config set` writes. */
  readonly config: readonly string[]
  /** Long flag of the CLI, without dashes. */
  readonly flag: string
  /** Masked wherever it is shown. */
  readonly secret?: true
  readonly about: string
}

const setting = (
  kind: Kind,
  env: string | readonly string[],
  config: string | readonly string[],
  flag: string,
  about: string,
): Setting => ({
  kind,
  env: typeof env === 'string' ? [env] : env,
  config: typeof config === 'string' ? [config] : config,
  flag,
  about,
})

/** THE table of settings: the Worker, the CLI's flags, `config` and the README's table all read it. */
export const settings: Readonly<Record<SettingName, Setting>> = {
  url: setting('text', 'MODELREINS_URL', ['server', 'url'], 'server', 'Address of the server'),
  token: { ...setting('text', ['MODELREINS_TOKEN', 'MODELREINS_API_KEY'], 'token', 'token', 'Worker token'), secret: true },
  name: setting('text', 'MODELREINS_WORKER', ['name', 'worker'], 'name', 'Name of this worker'),
  type: setting('text', 'MODELREINS_WORKER_TYPE', ['provider', 'type'], 'provider', 'Provider that runs the jobs'),
  model: setting('text', 'MODELREINS_WORKER_MODEL', 'model', 'model', 'Model the provider is asked for'),
  tags: setting('list', 'MODELREINS_WORKER_TAGS', 'tags', 'tags', 'Tags, comma-separated'),
  networks: setting('list', 'MODELREINS_WORKER_NETWORKS', 'networks', 'networks', 'Networks this worker can reach, comma-separated'),
  pollMs: setting('count', 'MODELREINS_POLL_MS', ['poll_ms', 'pollMs'], 'poll-ms', 'Milliseconds between heartbeats while polling'),
  workDir: setting('text', 'MODELREINS_WORKDIR', ['work_dir', 'workDir'], 'work-dir', 'Folder that jobs run in'),
  command: setting('text', 'MODELREINS_COMMAND', 'command', 'command', 'Shell line for the spawn provider'),
  promptArg: setting(
    'text',
    'MODELREINS_PROMPT_ARG',
    ['prompt_arg', 'promptArg'],
    'prompt-arg',
    'Flag that puts the prompt into argv instead of stdin',
  ),
  extraArgs: setting('args', 'MODELREINS_EXTRA_ARGS', ['extra_args', 'extraArgs'], 'extra-args', 'More arguments for the provider'),
  outputFormat: setting(
    'text',
    'MODELREINS_OUTPUT_FORMAT',
    ['output_format', 'outputFormat'],
    'output-format',
    'Output format the provider is asked for',
  ),
  slots: setting('count', 'MODELREINS_SLOTS', 'slots', 'slots', 'Jobs at a time'),
  endpoint: setting('text', 'MODELREINS_ENDPOINT', 'endpoint', 'endpoint', "Address of the provider's own service"),
  transport: setting('text', 'MODELREINS_TRANSPORT', 'transport', 'transport', 'auto, socket or poll'),
  takeover: setting('flag', 'MODELREINS_TAKEOVER', 'takeover', 'takeover', 'Take the name over from another process'),
  outboxFile: setting('text', 'MODELREINS_OUTBOX_FILE', ['outbox_file', 'outboxFile'], 'outbox-file', 'File for undelivered completions'),
  redact: { ...setting('list', 'MODELREINS_REDACT', 'redact', 'redact', 'More values to keep out of output'), secret: true },
  allowHosts: setting(
    'list',
    'MODELREINS_ALLOW_HOSTS',
    ['allow_hosts', 'allowHosts'],
    'allow-hosts',
    'Private hosts that providers may reach',
  ),
  graceMs: setting('count', 'MODELREINS_GRACE_MS', ['grace_ms', 'graceMs'], 'grace-ms', 'Milliseconds that a stop waits for running jobs'),
  silenceTimeout: setting(
    'count',
    'MODELREINS_SILENCE_TIMEOUT',
    ['silence_timeout', 'silenceTimeout'],
    'silence-timeout',
    'Seconds a job may say nothing (0: as long as its timeout)',
  ),
  deniedTools: setting(
    'text',
    'MODELREINS_DENIED_TOOLS',
    ['denied_tools', 'deniedTools'],
    'denied-tools',
    'What denied tools of claude make of a job: tell or fail',
  ),
  record: setting('text', 'MODELREINS_RECORD', 'record', 'record', 'File that keeps what the provider said, redacted'),
  contextBudget: setting(
    'count',
    'MODELREINS_CONTEXT_BUDGET',
    ['context_budget', 'contextBudget'],
    'context-budget',
    'Characters of context per job at most',
  ),
}

/** Options that have no variable and no config key: what only a program can hand over, and what it must be. */
const handedOver: Readonly<Record<Exclude<keyof WorkerOptions, SettingName>, 'function' | 'object'>> = {
  executor: 'function',
  fetch: 'function',
  clock: 'object',
  openSocket: 'function',
  env: 'object',
}

/** What the worker runs with; every value has its type, every absent one is undefined. */
export interface ResolvedOptions {
  readonly url: string
  readonly token: string
  readonly name: string | undefined
  /** Undefined: an executor runs the jobs and no provider was named. */
  readonly type: string | undefined
  readonly model: string | undefined
  readonly tags: readonly string[]
  readonly networks: readonly string[]
  readonly pollMs: number
  readonly workDir: string | undefined
  readonly command: string | undefined
  readonly promptArg: string | undefined
  readonly extraArgs: readonly string[]
  readonly outputFormat: string | undefined
  readonly slots: number
  readonly endpoint: string | undefined
  readonly transport: Transport
  readonly takeover: boolean
  readonly outboxFile: string | undefined
  readonly redact: readonly string[]
  readonly allowHosts: readonly string[]
  readonly graceMs: number
  readonly contextBudget: number | undefined
  readonly silenceTimeout: number | undefined
  readonly deniedTools: 'tell' | 'fail' | undefined
  readonly record: string | undefined
}

export type Origin = 'option' | 'environment' | 'config' | 'default'

interface Found {
  readonly value: unknown
  readonly origin: Origin
  /** How to name the place in a message: `MODELREINS_SLOTS`, `slots in the config file`. */
  readonly place: string
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

/** Where a setting's value comes from, and the value as it stands there. */
export function findSetting(name: SettingName, options: WorkerOptions, env: Environment, config: ConfigValues): Found {
  const row = settings[name]
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

/** Names that are no option, and what is handed over and cannot be used. A mistyped name would be an option that silently does nothing. */
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

/** Resolves and checks all settings at once; throws one `invalid-request` that names every problem and where it came from. */
export function resolveOptions(options: WorkerOptions, env: Environment, config: ConfigValues): ResolvedOptions {
  const issues = unusable(options)
  const read = <Value>(name: SettingName, parse: (value: unknown) => Value | undefined, expected: string): Value | undefined => {
    const found = findSetting(name, options, env, config)
    if (found.origin === 'default') return undefined
    const value = parse(found.value)
    // The wrong value helps to find it; a secret is not shown, right or wrong.
    const shown = typeof found.value === 'string' && settings[name].secret !== true ? `, not "${found.value.slice(0, 100)}"` : ''
    if (value === undefined) issues.push({ path: name, message: `${found.place} must be ${expected}${shown}` })
    return value
  }
  const text = (name: SettingName): string | undefined => read(name, asText, 'a text')
  const list = (name: SettingName): readonly string[] => read(name, asList, 'a list, or a text with commas') ?? []
  const count = (name: SettingName, min: number, max: number): number | undefined =>
    read(name, (value) => asCount(value, min, max), `a whole number from ${min} to ${max}`)
  const required = (name: 'url' | 'token', parse: (value: unknown) => string | undefined, expected: string, how: string): string => {
    const value = read(name, parse, expected)
    if (value === undefined && !issues.some((issue) => issue.path === name)) issues.push({ path: name, message: how })
    return value ?? ''
  }

  const command = text('command')
  const resolved: ResolvedOptions = {
    url: required(
      'url',
      asAddress,
      'the address of a server, such as https://reins.example.com',
      'no server address: pass `url`, set MODELREINS_URL, or run `modelreins-worker config set server <address>`',
    ),
    token: required(
      'token',
      asToken,
      'one word without blanks, such as mrw_...',
      'no token: pass `token`, set MODELREINS_TOKEN, or run `modelreins-worker config set token <token>`',
    ),
    name: text('name'),
    // A shell line says what it wants to be run with.
    type: text('type') ?? (options.executor !== undefined ? undefined : command === undefined ? 'claude' : 'spawn'),
    model: text('model'),
    tags: list('tags'),
    networks: list('networks'),
    pollMs: count('pollMs', 250, 300_000) ?? 5_000,
    workDir: text('workDir'),
    command,
    promptArg: text('promptArg'),
    extraArgs: read('extraArgs', asArgs, 'a list, or a text') ?? [],
    outputFormat: text('outputFormat'),
    slots: count('slots', 1, 256) ?? 1,
    endpoint: text('endpoint'),
    transport: read('transport', asTransport, 'auto, socket or poll') ?? 'auto',
    takeover: read('takeover', asFlag, 'true or false') ?? false,
    outboxFile: text('outboxFile'),
    redact: list('redact'),
    allowHosts: list('allowHosts'),
    graceMs: count('graceMs', 0, 86_400_000) ?? 30_000,
    contextBudget: count('contextBudget', 0, 1_000_000),
    record: text('record'),
    silenceTimeout: count('silenceTimeout', 0, 86_400),
    deniedTools: read('deniedTools', (value) => (value === 'tell' || value === 'fail' ? value : undefined), 'tell or fail'),
  }
  if (issues.length > 0) {
    throw new ModelReinsError(issues.map((issue) => issue.message).join('; '), { code: 'invalid-request', status: 0, issues })
  }
  return resolved
}

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : undefined

/** Without slashes at its end. */
function asAddress(value: unknown): string | undefined {
  try {
    const text = asText(value) ?? ''
    return /^https?:$/.test(new URL(text).protocol) ? text.replace(/\/+$/, '') : undefined
  } catch {
    return undefined
  }
}

/** Whether it is in force is for the server to say; what no header can carry never gets there. */
const asToken = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x21-\x7e]+$/.test(value.trim()) ? value.trim() : undefined

function asList(value: unknown): readonly string[] | undefined {
  const parts = typeof value === 'string' ? value.split(',') : value
  if (!Array.isArray(parts) || !parts.every((part): part is string => typeof part === 'string')) return undefined
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}

function asCount(value: unknown, min: number, max: number): number | undefined {
  const number = typeof value === 'string' && /^\d{1,12}$/.test(value.trim()) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max ? number : undefined
}

function asFlag(value: unknown): boolean | undefined {
  if (value === true || value === 'true' || value === '1' || value === 'yes') return true
  return value === false || value === 'false' || value === '0' || value === 'no' ? false : undefined
}

const asTransport = (value: unknown): Transport | undefined =>
  value === 'auto' || value === 'socket' || value === 'poll' ? value : undefined

function asArgs(value: unknown): readonly string[] | undefined {
  if (Array.isArray(value)) return value.every((part): part is string => typeof part === 'string') ? value : undefined
  return typeof value === 'string' ? splitArgs(value) : undefined
}

/** Splits at blanks; single and double quotes hold together, a backslash outside single quotes takes the next character as it is. */
export function splitArgs(line: string): readonly string[] {
  const args: string[] = []
  for (const match of line.matchAll(/(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+/gs)) {
    args.push(
      match[0].replaceAll(
        /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs,
        (_, single?: string, double?: string, escaped?: string) => single ?? escaped ?? (double ?? '').replaceAll(/\\(["\\$`])/g, '$1'),
      ),
    )
  }
  return args
}

/** Throws for a one-time view URL: opening it takes a call, which no constructor can make. */
export function refuseViewUrl(token: string): void {
  if (!isViewUrl(token)) return
  const message =
    'a one-time view URL is not the token: run `modelreins-worker config set token <url>`, or pass `(await redeemView(url)).token`'
  throw new ModelReinsError(message, { code: 'invalid-request', issues: [{ path: 'token', message }] })
}
