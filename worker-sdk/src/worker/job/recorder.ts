/** Responsible for the file of `--record`: what the provider's program or server said in every job, one recording after the other. */
import { appendFileSync } from 'node:fs'
import type { Job } from '@modelreins/contract'
import type { ProviderSettings } from '../../providers/provider.ts'
import { createTap, type Tap } from '../../providers/recording/tap.ts'

export interface JobRecorder {
  /** Starts the recording of one job; `end` closes it with the job's outcome. */
  begin(provider: string, settings: ProviderSettings, job: Job): { readonly tap: Tap; end(outcome?: object): void }
}

export const fileRecorder = (file: string, redact: (text: string) => string): JobRecorder => ({
  begin(provider, settings, job) {
    const { outputFormat } = settings
    const model = job.model ?? settings.model
    const head = {
      recording: 1,
      provider,
      ...(outputFormat === undefined ? {} : { output_format: outputFormat }),
      ...(model === undefined || model === null ? {} : { model }),
      recorded_at: new Date().toISOString(),
    } as const
    return createTap(head, {
      // Readable only by this user, because the recording may contain secrets that no pattern recognises.
      write: (line) => appendFileSync(file, line, { mode: 0o600 }),
      now: () => performance.now(),
      redact,
    })
  },
})
