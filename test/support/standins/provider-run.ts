/**
 * Responsible for giving a provider one job and recording everything that it reports; it replaces the worker around a provider, never a part of the
 * provider.
 */
import type { Job, Usage } from '@modelreins/contract'
import type { ToolReviews } from '../../../worker-sdk/src/providers/approvals/tool-review.ts'
import type { ProviderRun, ProviderSettings } from '../../../worker-sdk/src/providers/provider.ts'

const at = '2026-05-04T12:00:00.000Z'

export const jobOf = (more: Partial<Job> = {}): Job => ({
  id: 7,
  status: 'running',
  hold: null,
  prompt: 'Say hello.',
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
  model: null,
  target: null,
  requires_secrets: [],
  metadata: null,
  assigned_to: 'w',
  worker_id: 'w_1',
  attempt: 1,
  max_attempts: 3,
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
  created_at: at,
  started_at: at,
  ended_at: null,
  ...more,
})

export interface RecordedRun extends ProviderRun {
  readonly chunks: readonly { readonly stream: string; readonly text: string }[]
  readonly usages: readonly Usage[]
  readonly uploads: readonly { readonly filename: string; readonly contentType: string | undefined; readonly body: Uint8Array }[]
  readonly stop: (reason?: unknown) => void
  /** Everything that was reported on one stream. */
  text(stream?: string): string
  /** Resolves when the stream contains this text. */
  told(text: string, stream?: string): Promise<void>
}

export const recordRun = (
  settings: Partial<ProviderSettings> & { readonly env?: Readonly<Record<string, string | undefined>> },
  more: { readonly job?: Partial<Job>; readonly context?: string; readonly reviews?: ToolReviews } = {},
): RecordedRun => {
  const chunks: { stream: string; text: string }[] = []
  const usages: Usage[] = []
  const uploads: { filename: string; contentType: string | undefined; body: Uint8Array }[] = []
  const waiters: (() => void)[] = []
  const stopper = new AbortController()
  const text = (stream = 'stdout'): string =>
    chunks
      .filter((chunk) => chunk.stream === stream)
      .map((chunk) => chunk.text)
      .join('')
  return {
    job: jobOf(more.job),
    context: more.context ?? '',
    settings: { env: { PATH: process.env['PATH'] }, ...settings },
    signal: stopper.signal,
    ...(more.reviews === undefined ? {} : { reviews: more.reviews }),
    chunks,
    usages,
    uploads,
    stop: (reason) => stopper.abort(reason),
    text,
    told: async (wanted, stream = 'stdout') => {
      while (!text(stream).includes(wanted)) await new Promise<void>((resolve) => waiters.push(resolve))
    },
    output: async (piece, stream = 'stdout') => {
      chunks.push({ stream, text: piece })
      for (const waiter of waiters.splice(0)) waiter()
    },
    usage: (usage) => void usages.push(usage),
    uploadArtifact: async ({ filename, contentType, body }) => {
      uploads.push({ filename, contentType, body })
      return { slug: `slug${uploads.length}`, url: `/s/slug${uploads.length}` }
    },
  }
}
