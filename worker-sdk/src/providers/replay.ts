/** Responsible for running a provider with a recording of its program or server. */
import type { Job } from '@modelreins/contract'
import type { Provider, ProviderOutcome, ProviderRun, ProviderSettings } from './provider.ts'
import type { Recording } from './recording/format.ts'
import { startPlayer } from './recording/player.ts'

/** Keys that a provider requires before it sends anything; the player ignores them. */
const stands = { ONEMIN_API_KEY: 'replay', OPENAI_MODEL: 'recorded', NOCTURNE_MODEL: 'recorded' }

/** The outcome that the provider would have had for the recorded job. */
export const replay = async (
  recording: Recording,
  provider: Provider,
  run: Omit<ProviderRun, 'settings' | 'job'> & { readonly job: Job; readonly settings?: Partial<ProviderSettings> },
): Promise<ProviderOutcome> => {
  const player = await startPlayer(recording)
  const { output_format, model } = recording.head
  try {
    return await provider.run({
      ...run,
      settings: {
        env: { ...process.env, ...stands },
        model: model ?? 'recorded',
        ...(output_format === undefined ? {} : { outputFormat: output_format }),
        ...run.settings,
        ...player.settings,
      },
    })
  } finally {
    await player.stop()
  }
}
