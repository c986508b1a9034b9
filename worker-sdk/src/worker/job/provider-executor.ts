/** Responsible for running jobs with a provider: the default executor of a worker. */
import type { Capability } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import type { Provider, ProviderSettings } from '../../providers/provider.ts'
import { asResult, createResultTail } from '../../providers/tail.ts'
import type { Executor } from './executor.ts'
import { ProviderFailed } from './outcome.ts'
import type { JobRecorder } from './recorder.ts'

/** The executor of a worker that is not ready yet. */
export const refuseToRun: Executor = () => {
  throw new ModelReinsError('The worker has no executor and no provider', { code: 'internal', status: 0, retryable: false })
}

/** All values are read per job, because they may change while the worker runs. */
export interface ProviderPorts {
  readonly provider: () => Provider
  readonly settings: () => ProviderSettings
  /** The worker's capabilities, as the server states them. */
  readonly capabilities: () => readonly Capability[]
  readonly recorder?: JobRecorder | undefined
}

export function providerExecutor({ provider, settings, capabilities, recorder }: ProviderPorts): Executor {
  return async (job, ctx) => {
    const stdout = createResultTail()
    const chosen = provider()
    const now = settings()
    const recording = recorder?.begin(chosen.name, now, job)
    const outcome = await chosen.run({
      job,
      context: ctx.context,
      settings: recording === undefined ? now : { ...now, tap: recording.tap },
      signal: ctx.signal,
      usage: (usage) => ctx.usage(usage),
      uploadArtifact: (file) => ctx.uploadArtifact(file),
      reviews: { capabilities: capabilities(), authorize: (...asked) => ctx.authorize(...asked) },
      heard: () => ctx.heard(),
      output: (text, stream = 'stdout') => {
        if (stream === 'stdout') stdout.push(text)
        return ctx.output(text, stream)
      },
    })
    recording?.end({ exit_code: outcome.exitCode, ...(outcome.error === undefined ? {} : { failed: true }) })
    if (outcome.exitCode !== 0 || outcome.error !== undefined)
      throw new ProviderFailed(outcome.exitCode, outcome.stderr ?? '', outcome.error, outcome.final)
    return outcome.result === undefined ? stdout.text() : asResult(outcome.result)
  }
}
