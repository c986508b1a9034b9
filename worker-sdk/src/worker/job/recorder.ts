/** Responsible for the file of `--record`: what the provider's program or server said in every job, one recording behind the other. */
import { appendFileSync } from 'node:fs'
import type { Job } from '@modelreins/contract'
import type { ProviderSettings } from '../../providers/provider.ts'
import { createTap, type Tap } from '../../providers/recording/tap.ts'

export interface JobRecorder {
  /** Of one job; `end` closes it with what became of the job. */
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
      // Of this user alone: what was said may hold what no pattern knows for a secret.
      write: (line) => appendFileSync(file, line, { mode: 0o600 }),
      now: () => performance.now(),
      redact,
    })
  },
})
