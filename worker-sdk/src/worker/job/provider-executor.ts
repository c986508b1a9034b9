/** Responsible for running jobs with a provider: the executor that the worker has when it is given none. It knows no provider by name. */
import { limits } from '@modelreins/contract'
import { ModelReinsError } from '../../client/error.ts'
import type { Provider, ProviderSettings } from '../../providers/provider.ts'
import { createTail } from '../../providers/tail.ts'
import type { Executor } from './executor.ts'
import { endOf } from './long-result.ts'
import { ProviderFailed } from './outcome.ts'

/** Of a worker that is not yet ready to run anything. */
export const refuseToRun: Executor = () => {
  throw new ModelReinsError('The worker has nothing to run jobs with', { code: 'internal', status: 0, retryable: false })
}

/** `provider` and `settings` are asked per job: both may be changed while the worker runs. */
export function providerExecutor(provider: () => Provider, settings: () => ProviderSettings): Executor {
  return async (job, ctx) => {
    const stdout = createTail(limits.result_bytes)
    const outcome = await provider().run({
      job,
      context: ctx.context,
      settings: settings(),
      signal: ctx.signal,
      usage: (usage) => ctx.usage(usage),
      uploadArtifact: (file) => ctx.uploadArtifact(file),
      output: (text, stream = 'stdout') => {
        if (stream === 'stdout') stdout.push(text)
        return ctx.output(text, stream)
      },
    })
    if (outcome.exitCode !== 0 || outcome.error !== undefined)
      throw new ProviderFailed(outcome.exitCode, outcome.stderr ?? '', outcome.error, outcome.final)
    // A long answer is no failure: its end is the result, and all of it is in the output.
    return endOf(outcome.result ?? stdout.text(), limits.result_bytes, outcome.result === undefined ? stdout.dropped() : 0)
  }
}
