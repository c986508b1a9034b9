/** Responsible for the context of an executor: output, usage, secrets, artifacts, reviews. It ends with the attempt. */
import { basename } from 'node:path'
import { limits, type Job, type Usage } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import type { Clock } from '../../client/clock.ts'
import { uploadSource, type ArtifactSource } from './artifact-file.ts'
import type { ArtifactFile, ArtifactOptions, JobContext } from './executor.ts'
import type { Redactor } from '../delivery/redactor.ts'
import type { OutputBuffer } from '../delivery/output-buffer.ts'
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
  readonly redactor: Redactor
  readonly onUsage: (usage: Usage) => void
  readonly onHeard: () => void
}

const isFile = (what: ArtifactSource | ArtifactFile): what is ArtifactFile => typeof what === 'object' && 'body' in what

/** The form with all values in one object, in which a text body is the content itself. Only the last part of the name is used. */
function ofFile({ filename, body, ...rest }: ArtifactFile): readonly [ArtifactSource, ArtifactOptions] {
  const options = { ...rest, filename: basename(filename) }
  if (typeof body === 'string') return [new TextEncoder().encode(body), options]
  return [body instanceof Uint8Array ? body : body.path, options]
}

export function jobContext(parts: ContextParts): JobContext {
  const { job, client, clock, token, signal, redactor } = parts
  const asking = { client, clock, jobId: job.id, token, signal, redactor }
  return {
    job,
    attempt: parts.attempt,
    fence: token,
    signal,
    context: parts.context,
    output: (text, stream) => parts.output.write(text, stream),
    usage: parts.onUsage,
    heard: parts.onHeard,
    secret: parts.resolveSecret,
    uploadArtifact: (what: ArtifactSource | ArtifactFile, options: ArtifactOptions = {}) => {
      // Uploaded with the lease token, so that an attempt that has lost its lease cannot attach files.
      const [source, named] = isFile(what) ? ofFile(what) : [what, options]
      const upload: Parameters<typeof uploadSource>[0] = (bytes, { filename, ...all }) =>
        client.uploadArtifact(bytes, { ...all, ...(filename === undefined ? {} : { filename: redactor.redact(filename) }) })
      return uploadSource(upload, source, { ...named, jobId: job.id, token, signal })
    },
    downloadArtifact: (slugOrUrl) => client.downloadArtifact(slugOrUrl, { signal }),
    listArtifacts: async () => (await client.artifacts.list({ job_id: job.id, limit: limits.list_max }, { signal })).items,
    submitReview: (review) => submitReview(asking, review),
    authorize: (capability, action, options = {}) => authorize(asking, capability, action, options),
  }
}
