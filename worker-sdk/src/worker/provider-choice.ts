/** Responsible for which provider runs the jobs, now and after the operator changed it: checked before it is used. */
import { ModelReinsError } from '../client/error.ts'
import { createProvider, isProviderName, providerNames } from '../providers/index.ts'
import { scrubEnvironment } from '../providers/environment.ts'
import type { Provider, ProviderSettings } from '../providers/provider.ts'
import type { LiveSettings } from './live-settings.ts'
import type { Environment, ResolvedOptions } from './options.ts'

/** What providers may read now. */
export function providerSettings(options: ResolvedOptions, live: LiveSettings, env: Environment): ProviderSettings {
  const { model } = live.values
  return {
    env: scrubEnvironment(env),
    extraArgs: options.extraArgs,
    allowHosts: options.allowHosts,
    ...(model === undefined ? {} : { model }),
    ...(options.command === undefined ? {} : { command: options.command }),
    ...(options.promptArg === undefined ? {} : { promptArg: options.promptArg }),
    ...(options.outputFormat === undefined ? {} : { outputFormat: options.outputFormat }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.workDir === undefined ? {} : { workDir: options.workDir }),
  }
}

/** The provider of that name, if this machine can run it; throws with what is missing and how to get it. */
export async function usableProvider(name: string, settings: ProviderSettings): Promise<Provider> {
  if (!isProviderName(name)) {
    throw new ModelReinsError(`There is no provider called "${name}". There are: ${providerNames.join(', ')}`, {
      code: 'invalid-request',
      status: 0,
    })
  }
  const provider = createProvider(name)
  const check = await provider.check(settings)
  if (!check.usable)
    throw new ModelReinsError(`The provider ${name} cannot be used here: ${check.detail}`, {
      code: 'unavailable',
      status: 0,
      retryable: false,
    })
  return provider
}
