/** Responsible for what an executor can do for its job: output, usage, secrets, artifacts, reviews. It ends with the attempt. */
import type { Job, Usage } from '@modelreins/contract'
import type { Client } from '../client/client.ts'
import type { Clock } from '../client/clock.ts'
import { readArtifact } from './artifact-file.ts'
import type { JobContext } from './executor.ts'
import type { OutputBuffer } from './output-buffer.ts'
import { authorize, submitReview } from './reviews.ts'
import type { SecretResolver } from './secrets.ts'

export interface ContextParts {
  readonly job: Job
  readonly attempt: number
  readonly token: string
  readonly signal: AbortSignal
  readonly context: string
  readonly client: Client
  readonly clock: Clock
  readonly output: OutputBuffer
  readonly resolveSecret: SecretResolver
  readonly onUsage: (usage: Usage) => void
}

const uploadTimeoutMs = 300_000

export function jobContext(parts: ContextParts): JobContext {
  const { job, client, clock, token, signal } = parts
  const asking = { client, clock, jobId: job.id, token, signal }
  return {
    job,
    attempt: parts.attempt,
    fence: token,
    signal,
    context: parts.context,
    output: (text, stream) => parts.output.write(text, stream),
    usage: parts.onUsage,
    secret: parts.resolveSecret,
    uploadArtifact: async (file) => {
      const { fields, contentType, body } = await readArtifact(file)
      return client.artifacts.upload({ ...fields, job_id: job.id }, { body, contentType, signal, timeoutMs: uploadTimeoutMs })
    },
    submitReview: (review) => submitReview(asking, review),
    authorize: (capability, action, options = {}) => authorize(asking, capability, action, options),
  }
}
