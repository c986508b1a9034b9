/** Responsible for what becomes of a job whose provider meets a recording: its end as the server would be told it, and everything that was shown. */
import { createProvider, isProviderName } from '../../../../worker-sdk/src/providers/index.ts'
import type { ProviderOutcome, ProviderSettings } from '../../../../worker-sdk/src/providers/provider.ts'
import type { Recording } from '../../../../worker-sdk/src/providers/recording/format.ts'
import { replay } from '../../../../worker-sdk/src/providers/replay.ts'
import { type AttemptError, outcomeOfThrow, ProviderFailed } from '../../../../worker-sdk/src/worker/job/outcome.ts'
import { type RecordedRun, recordRun } from '../../../support/standins/provider-run.ts'

export const now = new Date('2026-09-25T12:00:00.000Z')

export interface Replayed {
  readonly run: RecordedRun
  readonly result: string | undefined
  /** Undefined: done. */
  readonly error: AttemptError | undefined
}

export const errorOf = (outcome: ProviderOutcome): AttemptError | undefined => {
  if (outcome.exitCode === 0 && outcome.error === undefined) return undefined
  const failed = outcomeOfThrow(new ProviderFailed(outcome.exitCode, outcome.stderr ?? '', outcome.error, outcome.final), now)
  return failed.ok ? undefined : failed.error
}

export const replayed = async (
  recording: Recording,
  settings: Partial<ProviderSettings> = {},
  prompt = 'Say hello.',
): Promise<Replayed> => {
  const { provider } = recording.head
  if (!isProviderName(provider)) throw new Error(`no provider is called ${provider}`)
  const run = recordRun({}, { job: { prompt } })
  const outcome = await replay(recording, createProvider(provider), {
    ...run,
    settings: { env: { PATH: process.env['PATH'], ONEMIN_API_KEY: 'k' }, ...settings },
  })
  const error = errorOf(outcome)
  return { run, result: error === undefined ? outcome.result : undefined, error }
}
