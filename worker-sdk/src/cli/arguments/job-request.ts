/** Responsible for building a dispatch from flags and arguments, checked against the contract. */
import { jobRequest, limits, type Input } from '@modelreins/contract'
import { checked } from './checked.ts'
import type { CommandContext } from '../context.ts'
import { parseDuration } from '../output/time-words.ts'
import { readTextFile } from './read-text.ts'
import { momentOf } from './time-flag.ts'
import { seeHelp, UsageError } from './usage-error.ts'

type Request = Input<'jobs.dispatch'>

async function promptOf(context: CommandContext, command: string): Promise<string> {
  const { invocation, system } = context
  const file = invocation.text('file')
  const words = invocation.arguments
  if (file !== undefined && words.length > 0) throw new UsageError('PROMPT and --file cannot be combined')
  if (file !== undefined) return file === '-' ? system.readStdin() : readTextFile(file)
  if (words.length > 0 && !(words.length === 1 && words[0] === '-')) return words.join(' ')
  if (invocation.text('context-file') === '-')
    throw new UsageError('Standard input cannot be both the prompt and the context: give the prompt as an argument')
  if (system.stdinIsTerminal && words.length === 0) throw new UsageError(`${command} needs a prompt`, seeHelp(command.split(' ')))
  return system.readStdin()
}

/** `targets`, `fan_out` and `merge` from the flags that are given. */
function fanOutOf({ invocation }: CommandContext): Record<string, unknown> {
  const to = invocation.list('to')
  const distinct = invocation.text('distinct')
  const count = invocation.count('fan-out')
  if (to.length === 1 && count === undefined) throw new UsageError('--to needs two or more workers; use --target for one')
  if (distinct !== undefined && count === undefined) throw new UsageError('--distinct goes with --fan-out')
  const merge = {
    by: invocation.text('merge'),
    worker: invocation.text('merge-worker'),
    prompt: invocation.text('merge-prompt'),
    vote_field: invocation.text('vote-field'),
    quorum: invocation.count('quorum'),
    deadline: invocation.seconds('deadline'),
  }
  const given = Object.fromEntries(Object.entries(merge).filter(([, value]) => value !== undefined))
  return {
    targets: to.length === 0 ? undefined : [...to],
    fan_out: count === undefined ? undefined : { count, ...(distinct === undefined ? {} : { distinct }) },
    merge: Object.keys(given).length === 0 ? undefined : given,
  }
}

/** `concurrency` and `rate` from the flags that are given. */
function keysOf({ invocation }: CommandContext): Record<string, unknown> {
  const key = invocation.text('key')
  const limit = invocation.count('key-limit')
  const on_conflict = invocation.text('on-conflict')
  if (key === undefined && limit !== undefined) throw new UsageError('--key-limit goes with --key')
  if (key === undefined && on_conflict !== undefined) throw new UsageError('--on-conflict goes with --key')
  const rate = invocation.text('rate')
  return {
    concurrency:
      key === undefined
        ? undefined
        : { key, ...(limit === undefined ? {} : { limit }), ...(on_conflict === undefined ? {} : { on_conflict }) },
    rate: rate === undefined ? undefined : rateOf(rate),
  }
}

/** Parses `rate_limited:provider=codex,model=gpt-5` in the order of the steps; `none`: no fallback, not even the tenant's default. */
function fallbackOf({ invocation }: CommandContext): Record<string, unknown>[] | undefined {
  const given = invocation.list('fallback')
  if (given.length === 0) return undefined
  if (given.length === 1 && given[0] === 'none') return []
  return given.map((text) => {
    const [, after, rest] = /^([a-z_]+):(.+)$/.exec(text) ?? []
    const pairs = (rest ?? '').split(',').map((pair) => pair.split('='))
    if (after === undefined || pairs.some((pair) => pair.length !== 2))
      throw new UsageError(`--fallback must be AFTER:KEY=VALUE,..., such as rate_limited:provider=codex, not ${text}`)
    return { ...Object.fromEntries(pairs), after }
  })
}

const listed = (values: readonly string[]): string[] | undefined => (values.length === 0 ? undefined : [...values])

/** Parses `mail=10/1m`. */
function rateOf(given: string): Record<string, unknown> {
  const [, key, max, per] = /^(.+)=(\d+)\/(.+)$/.exec(given) ?? []
  const per_ms = per === undefined ? undefined : parseDuration(per)
  if (key === undefined || per_ms === undefined) throw new UsageError(`--rate must be KEY=N/TIME, such as mail=10/1m, not ${given}`)
  return { key, max: Number(max), per_seconds: per_ms / 1000 }
}

export async function requestOf(context: CommandContext, command = 'dispatch'): Promise<Request> {
  const { invocation } = context
  const prompt = await promptOf(context, command)
  if (prompt.trim() === '') throw new UsageError('The prompt is empty')
  const contextFile = invocation.text('context-file')
  const contextText =
    contextFile === undefined ? undefined : contextFile === '-' ? await context.system.readStdin() : readTextFile(contextFile)
  const tags = invocation.words('tag')
  const networks = invocation.words('network')
  const secrets = invocation.list('secret')
  const fields = {
    prompt,
    target: invocation.text('target'),
    ...fanOutOf(context),
    ...keysOf(context),
    capability: invocation.text('capability'),
    effort: invocation.text('effort'),
    mode: invocation.text('mode'),
    avoid: listed(invocation.list('avoid')),
    prefer: listed(invocation.list('prefer')),
    fallback: fallbackOf(context),
    thread_id: invocation.text('thread'),
    substrate: invocation.text('substrate'),
    provider: invocation.text('provider'),
    model: invocation.text('model'),
    priority: invocation.count('priority'),
    context: invocation.text('context') ?? (contextText === undefined ? undefined : 'inline'),
    context_text: contextText,
    context_from: invocation.count('context-from'),
    input: invocation.json('input'),
    metadata: invocation.json('metadata'),
    timeout: invocation.seconds('timeout'),
    expires_in: invocation.seconds('expires-in'),
    max_attempts: invocation.count('max-attempts'),
    not_before: momentOf(context, 'not-before', 'ahead'),
    idempotency_key: invocation.text('idempotency-key'),
    when_offline: invocation.on('queue') ? 'queue' : undefined,
    tags: tags === undefined ? undefined : [...tags],
    networks: networks === undefined ? undefined : [...networks],
    requires_secrets: secrets.length === 0 ? undefined : [...secrets],
  }
  return checked(jobRequest, fields, { name: (path) => flagFor(path.replace(/\..*/, '')) })
}

const flagNames: Readonly<Record<string, string>> = {
  prompt: 'the prompt',
  thread_id: '--thread',
  context_text: `--context-file (at most ${limits.input_bytes / 1024} KiB)`,
  tags: '--tag',
  networks: '--network',
  requires_secrets: '--secret',
  targets: '--to',
  merge: '--merge (also --quorum, --deadline)',
  concurrency: '--key (also --key-limit, --on-conflict)',
}
const flagFor = (field: string): string => flagNames[field] ?? `--${field.replaceAll('_', '-')}`
