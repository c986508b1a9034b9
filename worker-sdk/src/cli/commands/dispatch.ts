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
  const { show, said } = context
  let id: number | undefined
  try {
    return await untilDetached(context, async (signal) => {
      const job = await client.jobs.dispatch(request, { signal })
      id = job.id
      if (said.on('no-wait')) return accepted(context, job)
      show.note(
        show.errorStyle.dim(
          `job ${job.id}${job.hold === null ? '' : ` waits (${job.hold})`}${job.assigned_to === null ? '' : ` -> ${job.assigned_to}`}${job.children === undefined ? '' : ` -> ${job.children.map((child) => child.worker).join(', ')}`}`,
        ),
      )
      return await finish(context, client, job.id, signal)
    })
  } catch (error) {
    if (!(error instanceof Detached)) throw error
    show.warn(id === undefined ? 'Left before the server answered; whether it took the job is not known.' : detachedText(id))
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
  const { show, said } = context
  const job = await followToEnd(context, client, jobId, { quiet: said.on('quiet'), silent: show.json }, signal)
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
  const { said, around } = context
  const file = said.text('file')
  const words = said.arguments
  if (file !== undefined && words.length > 0) throw new UsageError('A prompt and --file are both given; say one of them')
  if (file !== undefined) return file === '-' ? around.readStdin() : readTextFile(file)
  if (words.length > 0 && !(words.length === 1 && words[0] === '-')) return words.join(' ')
  if (said.text('context-file') === '-')
    throw new UsageError('Standard input cannot be both the prompt and the context: give the prompt as an argument')
  if (around.stdinIsTerminal && words.length === 0) throw new UsageError('dispatch needs a prompt', seeHelp(['dispatch']))
  return around.readStdin()
}

/** `targets`, `fan_out` and `merge`, as far as flags name them. */
function fanOutOf({ said }: CommandContext): Record<string, unknown> {
  const to = said.list('to')
  const distinct = said.text('distinct')
  const count = said.count('fan-out')
  if (to.length === 1 && count === undefined) throw new UsageError('--to is for two or more workers; use --target for one')
  if (distinct !== undefined && count === undefined) throw new UsageError('--distinct goes with --fan-out')
  const merge = {
    by: said.text('merge'),
    worker: said.text('merge-worker'),
    prompt: said.text('merge-prompt'),
    vote_field: said.text('vote-field'),
    quorum: said.count('quorum'),
    deadline: said.seconds('deadline'),
  }
  const given = Object.fromEntries(Object.entries(merge).filter(([, value]) => value !== undefined))
  return {
    targets: to.length === 0 ? undefined : [...to],
    fan_out: count === undefined ? undefined : { count, ...(distinct === undefined ? {} : { distinct }) },
    merge: Object.keys(given).length === 0 ? undefined : given,
  }
}

async function requestOf(context: CommandContext): Promise<Request> {
  const { said } = context
  const prompt = await promptOf(context)
  if (prompt.trim() === '') throw new UsageError('The prompt is empty')
  const contextFile = said.text('context-file')
  const contextText =
    contextFile === undefined ? undefined : contextFile === '-' ? await context.around.readStdin() : readTextFile(contextFile)
  const tags = said.words('tag')
  const networks = said.words('network')
  const secrets = said.list('secret')
  const fields = {
    prompt,
    target: said.text('target'),
    ...fanOutOf(context),
    capability: said.text('capability'),
    effort: said.text('effort'),
    thread_id: said.text('thread'),
    provider: said.text('provider'),
    model: said.text('model'),
    priority: said.count('priority'),
    context: said.text('context') ?? (contextText === undefined ? undefined : 'inline'),
    context_text: contextText,
    input: said.json('input'),
    metadata: said.json('metadata'),
    timeout: said.seconds('timeout'),
    expires_in: said.seconds('expires-in'),
    max_attempts: said.count('max-attempts'),
    not_before: momentOf(context, 'not-before', 'ahead'),
    idempotency_key: said.text('idempotency-key'),
    when_offline: said.on('queue') ? 'queue' : undefined,
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
