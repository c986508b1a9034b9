/** Responsible for `replay`: runs a provider with a recording and shows how it interpreted it. */
import { readFile } from 'node:fs/promises'
import { job as jobSchema } from '@modelreins/contract'
import { createProvider, isProviderName } from '../../providers/index.ts'
import { parseRecording } from '../../providers/recording/format.ts'
import { replay as play } from '../../providers/replay.ts'
import { outcomeOfThrow, ProviderFailed } from '../../worker/job/outcome.ts'
import type { CommandContext } from '../context.ts'
import { oneLine } from '../output/safe-text.ts'
import { UsageError } from '../arguments/usage-error.ts'

/** A job like the recorded one; providers read no other fields. */
const jobOf = (model: string | undefined): ReturnType<typeof jobSchema.parse> =>
  jobSchema.parse({
    id: 1,
    status: 'running',
    hold: null,
    prompt: 'recorded',
    input: null,
    capability: null,
    effort: 'standard',
    priority: 0,
    thread_id: null,
    session_id: null,
    context: 'none',
    tags: [],
    networks: [],
    provider: null,
    model: model ?? null,
    target: null,
    requires_secrets: [],
    metadata: null,
    assigned_to: null,
    worker_id: null,
    attempt: 1,
    max_attempts: 1,
    timeout: 60,
    silence_timeout: null,
    output: '',
    output_truncated: false,
    result: null,
    result_truncated: false,
    exit_code: null,
    usage: null,
    error: null,
    review_id: null,
    retry_at: null,
    created_at: new Date(0).toISOString(),
    started_at: null,
    ended_at: null,
  })

/** A connection that stayed open in the recording stays open here; this is the longest wait for it. */
const longestMs = 30_000

export async function replay(context: CommandContext): Promise<number> {
  const [file = ''] = context.invocation.arguments
  const text = await readFile(file, 'utf8')
  let recording
  try {
    recording = parseRecording(text)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
  const { provider, model } = recording.head
  if (!isProviderName(provider)) throw new UsageError(`${file} is a recording of "${provider}", and this version has no such provider`)
  const { show } = context
  const usages: object[] = []
  const outcome = await play(recording, createProvider(provider), {
    job: jobOf(model),
    context: '',
    signal: AbortSignal.timeout(longestMs),
    usage: (usage) => void usages.push(usage),
    uploadArtifact: async () => ({ slug: 'replay', url: '/s/replay' }),
    output: async (piece, stream = 'stdout') => {
      if (!show.json) for (const line of piece.split('\n')) if (line !== '') show.line(`${stream.padEnd(7)} ${oneLine(line)}`)
    },
  })
  const failed =
    outcome.exitCode === 0 && outcome.error === undefined
      ? undefined
      : outcomeOfThrow(
          new ProviderFailed(outcome.exitCode, outcome.stderr ?? '', outcome.error, outcome.final),
          new Date(context.system.clock.now()),
        )
  const error = failed === undefined || failed.ok ? undefined : failed.error
  if (show.json)
    show.value({
      provider,
      status: error === undefined ? 'done' : 'failed',
      result: outcome.result ?? null,
      error: error ?? null,
      usage: usages,
    })
  else {
    for (const usage of usages) show.line(`usage   ${JSON.stringify(usage)}`)
    show.line(
      error === undefined
        ? `done    ${oneLine(outcome.result ?? '')}`
        : `failed  ${error.type}${error.retryable ? ', tried again' : ''}${error.retry_at === undefined ? '' : `, at ${error.retry_at}`}: ${oneLine(error.message)}`,
    )
  }
  return error === undefined ? 0 : 1
}
