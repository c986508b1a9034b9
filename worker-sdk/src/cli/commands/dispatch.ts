/** Responsible for `dispatch`: a job from a command line, and its answer on standard output. */
import { jobRequest, limits, type Input, type Job } from '@modelreins/contract'
import type * as z from 'zod'
import type { Client } from '../../client/client.ts'
import { connect } from '../connection.ts'
import type { CommandContext } from '../context.ts'
import { Detached, detachedExit, detachedText, followToEnd, untilDetached } from '../follow.ts'
import { endText, errorText } from '../job-text.ts'
import { momentOf } from '../time-flag.ts'
import { manyLines } from '../safe-text.ts'
import { readTextFile } from '../read-text.ts'
import { seeHelp, UsageError } from '../usage-error.ts'

type Request = Input<'jobs.dispatch'>

export async function dispatch(context: CommandContext): Promise<number> {
  const request = await requestOf(context)
  const { client } = await connect(context)
  const { show, invocation } = context
  let id: number | undefined
  try {
    return await untilDetached(context, async (signal) => {
      const job = await client.jobs.dispatch(request, { signal })
      id = job.id
      if (invocation.on('no-wait')) return accepted(context, job)
      show.note(
        show.errorStyle.dim(
          `job ${job.id}${job.hold === null ? '' : ` waits (${job.hold})`}${job.assigned_to === null ? '' : ` -> ${job.assigned_to}`}${job.children === undefined ? '' : ` -> ${job.children.map((child) => child.worker).join(', ')}`}`,
        ),
      )
      return await finish(context, client, job.id, signal)
    })
  } catch (error) {
    if (!(error instanceof Detached)) throw error
    show.warn(
      id === undefined
        ? 'Interrupted before the server replied: the job may or may not have been accepted. Check `jobs`.'
        : detachedText(id),
    )
    return detachedExit
  }
}

function accepted(context: CommandContext, job: Job): number {
  const { show } = context
  if (show.json) show.value(job)
  else if (show.human) show.line(`job ${job.id} ${job.status}${job.assigned_to === null ? '' : ` -> ${job.assigned_to}`}`)
  else show.line(String(job.id))
  return 0
}

/** Streams, tells how it ended, and answers the exit code: 0 done, 1 failed. */
async function finish(context: CommandContext, client: Client, jobId: number, signal: AbortSignal): Promise<number> {
  const { show, invocation } = context
  const job = await followToEnd(context, client, jobId, { quiet: invocation.on('quiet'), silent: show.json }, signal)
  return ended(context, job)
}

export function ended(context: CommandContext, job: Job): number {
  const { show } = context
  if (show.json) show.value(job)
  const failed = job.status === 'failed'
  const style = show.errorStyle
  if (failed)
    show.warn(
      `${style.red(endText(job))}${
        job.error === null
          ? ''
          : `\n  ${manyLines(errorText(job) ?? '')
              .trimEnd()
              .replaceAll('\n', '\n  ')}`
      }`,
    )
  else show.note(style.dim(endText(job)))
  return failed ? 1 : 0
}

async function promptOf(context: CommandContext): Promise<string> {
  const { invocation, system } = context
  const file = invocation.text('file')
  const words = invocation.arguments
  if (file !== undefined && words.length > 0) throw new UsageError('PROMPT and --file cannot be combined')
  if (file !== undefined) return file === '-' ? system.readStdin() : readTextFile(file)
  if (words.length > 0 && !(words.length === 1 && words[0] === '-')) return words.join(' ')
  if (invocation.text('context-file') === '-')
    throw new UsageError('Standard input cannot be both the prompt and the context: give the prompt as an argument')
  if (system.stdinIsTerminal && words.length === 0) throw new UsageError('dispatch needs a prompt', seeHelp(['dispatch']))
  return system.readStdin()
}

/** `targets`, `fan_out` and `merge`, as far as flags name them. */
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

async function requestOf(context: CommandContext): Promise<Request> {
  const { invocation } = context
  const prompt = await promptOf(context)
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
    capability: invocation.text('capability'),
    effort: invocation.text('effort'),
    thread_id: invocation.text('thread'),
    provider: invocation.text('provider'),
    model: invocation.text('model'),
    priority: invocation.count('priority'),
    context: invocation.text('context') ?? (contextText === undefined ? undefined : 'inline'),
    context_text: contextText,
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
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  return checked(given)
}

/** The contract's own check, told in the words of the command line. */
function checked(given: Record<string, unknown>): Request {
  const parsed = jobRequest.safeParse(given)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((issue) => `${flagFor(String(issue.path[0] ?? ''))} ${reason(issue)}`)
  throw new UsageError(lines.join('\n  '))
}

const reason = (issue: z.core.$ZodIssue): string => issue.message.replace(/^Invalid input: /, '').replace(/^Too /, 'is too ')

const flagNames: Readonly<Record<string, string>> = {
  prompt: 'the prompt',
  thread_id: '--thread',
  context_text: `--context-file (at most ${limits.input_bytes / 1024} KiB)`,
  tags: '--tag',
  networks: '--network',
  requires_secrets: '--secret',
  targets: '--to',
  merge: '--merge (also --quorum, --deadline)',
}
const flagFor = (field: string): string => flagNames[field] ?? `--${field.replaceAll('_', '-')}`
