/**
 * Responsible for the table of settings: one row gives a worker's option, its variable, its config key, its flag, its bounds and default, its
 * type, and its line in the README.
 */

export type Transport = 'auto' | 'socket' | 'poll'
type Kind = 'text' | 'address' | 'token' | 'list' | 'args' | 'count' | 'flag' | 'choice'

export interface Setting {
  readonly kind: Kind
  /** First one set wins. */
  readonly env: readonly string[]
  /** Keys in the config file; the first is the one that `config set` writes. */
  readonly config: readonly [string, ...string[]]
  /** Long flag of the CLI, without dashes. */
  readonly flag: string
  /** Masked wherever it is shown. */
  readonly secret?: true
  /** One line of help. */
  readonly about: string
  /** `choice`: its values. */
  readonly choices?: readonly string[]
  /** `count`: the smallest and the largest value. */
  readonly min?: number
  readonly max?: number
  /** What holds when it is set nowhere. Absent: undefined, or an empty list. */
  readonly otherwise?: string | number | boolean
  /** The default as people read it, where `otherwise` does not say it. */
  readonly otherwiseText?: string
}

const row = <const Row extends Setting>(given: Row): Row => given

export const settings = {
  /** The server's address. */
  url: row({ kind: 'address', env: ['MODELREINS_URL'], config: ['server', 'url'], flag: 'server', about: 'Address of the server' }),
  /** A worker token (`mrw_`), or a member key with `name` (the companion path). */
  token: row({
    kind: 'token',
    env: ['MODELREINS_TOKEN', 'MODELREINS_API_KEY'],
    config: ['token'],
    flag: 'token',
    about: 'Worker token',
    secret: true,
  }),
  /** The worker's name in events; with a member key: which registered worker it is. Default: as registered; with a member key, the host's name. */
  name: row({
    kind: 'text',
    env: ['MODELREINS_WORKER'],
    config: ['name', 'worker'],
    flag: 'name',
    about: 'Name of this worker',
    otherwiseText: "as registered; with an API key the host's name",
  }),
  /** How this machine is called where workers are listed, by which they are grouped; `-` tells no name. Default: the host's name. */
  machine: row({
    kind: 'text',
    env: ['MODELREINS_MACHINE'],
    config: ['machine'],
    flag: 'machine',
    about: 'Name of this machine in lists of workers; - for none',
    otherwiseText: "the host's name",
  }),
  /** The provider: claude, aider, codex, acp, ollama-http, lmstudio, nocturne, onemin, http, playwright, spawn. Default: claude. */
  type: row({
    kind: 'text',
    env: ['MODELREINS_WORKER_TYPE'],
    config: ['provider', 'type'],
    flag: 'provider',
    about: 'Provider that runs the jobs',
    otherwiseText: '`claude` (`spawn` with a `command`)',
  }),
  /** Model the provider is asked for. */
  model: row({
    kind: 'text',
    env: ['MODELREINS_WORKER_MODEL'],
    config: ['model'],
    flag: 'model',
    about: 'Model that the provider uses',
    otherwiseText: "the provider's",
  }),
  /** "a,b" or a list. */
  tags: row({ kind: 'list', env: ['MODELREINS_WORKER_TAGS'], config: ['tags'], flag: 'tags', about: 'Tags, comma-separated' }),
  /** "a,b" or a list. */
  networks: row({
    kind: 'list',
    env: ['MODELREINS_WORKER_NETWORKS'],
    config: ['networks'],
    flag: 'networks',
    about: 'Networks this worker can reach, comma-separated',
  }),
  /** Milliseconds between heartbeats while polling, until the server says otherwise. Default: 5,000. */
  pollMs: row({
    kind: 'count',
    min: 250,
    max: 300_000,
    otherwise: 5_000,
    otherwiseText: '5000, until the server says otherwise',
    env: ['MODELREINS_POLL_MS'],
    config: ['poll_ms', 'pollMs'],
    flag: 'poll-ms',
    about: 'Milliseconds between heartbeats while polling',
  }),
  /** Folder that jobs run in. Default: the current one. */
  workDir: row({
    kind: 'text',
    env: ['MODELREINS_WORKDIR'],
    config: ['work_dir', 'workDir'],
    flag: 'work-dir',
    about: 'Folder that jobs run in',
    otherwiseText: 'the current folder',
  }),
  /** `spawn`: the shell line to run; `acp`: the agent and its arguments; `claude`, `codex`, `aider`: another program. */
  command: row({
    kind: 'text',
    env: ['MODELREINS_COMMAND'],
    config: ['command'],
    flag: 'command',
    about: 'Shell line of the spawn provider; command line of the acp agent',
  }),
  /** `spawn`: the flag behind which the prompt is an argument. Default: the prompt is standard input. */
  promptArg: row({
    kind: 'text',
    env: ['MODELREINS_PROMPT_ARG'],
    config: ['prompt_arg', 'promptArg'],
    flag: 'prompt-arg',
    about: 'Flag that passes the prompt as an argument instead of stdin',
    otherwiseText: 'prompt on stdin',
  }),
  /** A list, or one line that is split at blanks; quotes hold together. */
  extraArgs: row({
    kind: 'args',
    env: ['MODELREINS_EXTRA_ARGS'],
    config: ['extra_args', 'extraArgs'],
    flag: 'extra-args',
    about: 'Additional arguments for the provider',
  }),
  /** Output format the provider is asked for. */
  outputFormat: row({
    kind: 'text',
    env: ['MODELREINS_OUTPUT_FORMAT'],
    config: ['output_format', 'outputFormat'],
    flag: 'output-format',
    about: 'Output format of the provider',
  }),
  /** Jobs at a time. Default: 1. */
  slots: row({
    kind: 'count',
    min: 1,
    max: 256,
    otherwise: 1,
    env: ['MODELREINS_SLOTS'],
    config: ['slots'],
    flag: 'slots',
    about: 'Number of jobs at the same time',
  }),
  /** Address of the provider's own service, where it has one. */
  endpoint: row({
    kind: 'text',
    env: ['MODELREINS_ENDPOINT'],
    config: ['endpoint'],
    flag: 'endpoint',
    about: "Address of the provider's own service",
    otherwiseText: "the provider's",
  }),
  /** `auto` (default): the socket, and long polls while it cannot be had. */
  transport: row({
    kind: 'choice',
    choices: ['auto', 'socket', 'poll'],
    otherwise: 'auto',
    otherwiseText: '`auto`',
    env: ['MODELREINS_TRANSPORT'],
    config: ['transport'],
    flag: 'transport',
    about: 'Connection to the server: auto, socket or poll',
  }),
  /** Take the name over from another process that holds it. */
  takeover: row({
    kind: 'flag',
    otherwise: false,
    env: ['MODELREINS_TAKEOVER'],
    config: ['takeover'],
    flag: 'takeover',
    about: 'Take over the name from another process',
  }),
  /** Completions that could not be delivered are kept in this file and delivered after a restart. Default: in memory. */
  outboxFile: row({
    kind: 'text',
    env: ['MODELREINS_OUTBOX_FILE'],
    config: ['outbox_file', 'outboxFile'],
    flag: 'outbox-file',
    about: 'File for undelivered completions',
    otherwiseText: 'in memory',
  }),
  /** More values that must never leave the machine in output, results or errors. */
  redact: row({
    kind: 'list',
    env: ['MODELREINS_REDACT'],
    config: ['redact'],
    flag: 'redact',
    about: 'Additional values to redact from output',
    secret: true,
  }),
  /** Private hosts that providers may reach. */
  allowHosts: row({
    kind: 'list',
    env: ['MODELREINS_ALLOW_HOSTS'],
    config: ['allow_hosts', 'allowHosts'],
    flag: 'allow-hosts',
    about: 'Private hosts that providers may reach',
  }),
  /** Secrets that jobs may ask this machine for, beside those that the worker was registered with: variables by name, others by reference. */
  allowSecret: row({
    kind: 'list',
    env: ['MODELREINS_ALLOW_SECRET'],
    config: ['allow_secret', 'allowSecret'],
    flag: 'allow-secret',
    about: 'Environment variables that jobs may use as secrets, comma-separated',
  }),
  /** The server may not change what runs the jobs: provider and model stay as they are set here. */
  lockProvider: row({
    kind: 'flag',
    otherwise: false,
    env: ['MODELREINS_LOCK_PROVIDER'],
    config: ['locked', 'lock_provider', 'lockProvider'],
    flag: 'lock-provider',
    about: 'Ignore provider and model that the server sets',
  }),
  /** Milliseconds that `stop()` waits for running jobs before it hands them back. Default: 30,000. */
  graceMs: row({
    kind: 'count',
    min: 0,
    max: 86_400_000,
    otherwise: 30_000,
    env: ['MODELREINS_GRACE_MS'],
    config: ['grace_ms', 'graceMs'],
    flag: 'grace-ms',
    about: 'Milliseconds to wait for running jobs at a stop',
  }),
  /** What becomes of running jobs when the server cannot be reached for 60 s: `stop` (default), or `finish`. See docs/how-to/run-a-worker.md. */
  onLost: row({
    kind: 'choice',
    choices: ['stop', 'finish'],
    otherwise: 'stop',
    env: ['MODELREINS_ON_LOST'],
    config: ['on_lost', 'onLost'],
    flag: 'on-lost',
    about: 'What to do with running jobs when the server cannot be reached for 60 s: stop or finish',
  }),
  /** Seconds an attempt may say nothing, where its job does not say; 0: as long as its timeout. Default: the provider's own. */
  silenceTimeout: row({
    kind: 'count',
    min: 0,
    max: 86_400,
    env: ['MODELREINS_SILENCE_TIMEOUT'],
    config: ['silence_timeout', 'silenceTimeout'],
    flag: 'silence-timeout',
    about: 'Seconds without output before an attempt is stopped (0: only the timeout of the job counts)',
    otherwiseText: "the provider's",
  }),
  /** `claude`: whether a run whose tools were denied has failed (`fail`), or is only told about (`tell`, the default). */
  deniedTools: row({
    kind: 'choice',
    choices: ['tell', 'fail'],
    env: ['MODELREINS_DENIED_TOOLS'],
    config: ['denied_tools', 'deniedTools'],
    flag: 'denied-tools',
    about: 'Runs of claude with denied tools: tell (report them) or fail',
    otherwiseText: '`tell`',
  }),
  /** `claude`: each use of a tool that needs a permission is a review (`reviews`), or is denied (`off`). Default: by the worker's capabilities. */
  approvals: row({
    kind: 'choice',
    choices: ['reviews', 'off'],
    env: ['MODELREINS_APPROVALS'],
    config: ['approvals'],
    flag: 'approvals',
    about: 'Agents ask reviewers before they use a tool: reviews or off',
    otherwiseText: '`reviews` with a capability `tool` or `tool.NAME` of tier approve or session',
  }),
  /** What the provider's program or server says in each job is written to this file, redacted, for bug reports. */
  record: row({
    kind: 'text',
    env: ['MODELREINS_RECORD'],
    config: ['record'],
    flag: 'record',
    about: 'File for a redacted recording of the provider output',
  }),
  /** Context characters loaded per job at most. Default: the server's. */
  contextBudget: row({
    kind: 'count',
    min: 0,
    max: 1_000_000,
    env: ['MODELREINS_CONTEXT_BUDGET'],
    config: ['context_budget', 'contextBudget'],
    flag: 'context-budget',
    about: 'Maximum number of context characters per job',
    otherwiseText: "the server's",
  }),
} as const

export type Settings = typeof settings
export type SettingName = keyof Settings

interface Given {
  readonly text: string
  readonly address: string
  readonly token: string
  readonly list: string | readonly string[]
  readonly args: string | readonly string[]
  readonly count: number
  readonly flag: boolean
}

interface Read {
  readonly text: string
  readonly address: string
  readonly token: string
  readonly list: readonly string[]
  readonly args: readonly string[]
  readonly count: number
  readonly flag: boolean
}

type ValueIn<Values, Row extends Setting> = Row extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : Row['kind'] extends keyof Values
    ? Values[Row['kind']]
    : never

/** What a program passes. */
export type SettingOptions = { -readonly [Name in SettingName]?: ValueIn<Given, Settings[Name]> }

/** Lists are never absent, server and token are demanded, and what has a default has a value. */
type IsSet<Row extends Setting> = Row extends { readonly kind: 'list' | 'args' | 'address' | 'token' } | { readonly otherwise: unknown }
  ? true
  : false

/** What the worker runs with; every value has its type, every absent one is undefined. */
export type ResolvedOptions = {
  readonly [Name in SettingName]: ValueIn<Read, Settings[Name]> | (IsSet<Settings[Name]> extends true ? never : undefined)
}
