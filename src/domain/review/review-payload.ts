/** Responsible for what a review binds to: the text that is hashed, the payload of a job, and what an edit makes of it. */
import type { Issue, JobEdit } from '@modelreins/contract'
import { NotCanonical, canonicalJson, jobEdit } from '@modelreins/contract'
import type { JobSpec } from '../job/job-machine.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

export interface ReviewedArtifact {
  readonly slug: string
  /** Hex. */
  readonly sha256: string
}

/** What a reviewer says yes or no to. */
export interface Reviewed {
  readonly capability: string | null
  readonly payload: unknown
  readonly artifacts: readonly ReviewedArtifact[]
}

const sortedKeys = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    : value

/**
 * The text whose SHA-256 is the digest: RFC 8785 of {artifacts, capability, payload}, artifacts as their digests in the order they were
 * attached. It must not throw, since a sweep hashes too: what RFC 8785 cannot say (lone surrogates) is spelled with escapes, behind a
 * prefix that no canonical JSON has.
 */
export function reviewedText({ capability, payload, artifacts }: Reviewed): string {
  const whole = { artifacts: artifacts.map((one) => one.sha256), capability, payload }
  try {
    return canonicalJson(whole)
  } catch (error) {
    if (!(error instanceof NotCanonical)) throw error
    return `not canonical:${JSON.stringify(whole, sortedKeys)}`
  }
}

/** What surrounds the content of a job: whose conversation it is, and what it is done with. */
export interface ExecutionDetails {
  readonly thread_id: string | null
  /** Of the worker that a reviewer is told of; of a job that anybody may take, what the job asks for. */
  readonly provider: string | null
  readonly model: string | null
}

/** Of payloads that bind what surrounds the content, too. Older ones have no version, and are verified as they were made. */
const version = 2

export const bindsExecutionDetails = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && 'version' in payload && payload.version === version

const optionalField = (name: string, value: string | null): Readonly<Record<string, string>> => (value === null ? {} : { [name]: value })

/**
 * Everything of a job that reaches its handler, and what does it. Times and priorities are not part of what is approved. Without `details`
 * the payload is one of before.
 */
export const jobPayload = (spec: JobSpec, details?: ExecutionDetails): Readonly<Record<string, unknown>> => ({
  ...(details === undefined
    ? {}
    : {
        version,
        ...optionalField('session_id', spec.session_id),
        ...optionalField('thread_id', details.thread_id),
        ...optionalField('provider', details.provider),
        ...optionalField('model', details.model),
        ...(spec.tags.length === 0 ? {} : { tags: [...spec.tags] }),
      }),
  prompt: spec.prompt,
  input: spec.input ?? null,
  ...(spec.context_text === null ? {} : { context_text: spec.context_text }),
  ...(spec.context_turns === undefined ? {} : { context: { policy: spec.context, jobs: [...spec.context_turns] } }),
  ...(spec.metadata === null || spec.metadata === undefined ? {} : { metadata: spec.metadata }),
  ...(spec.requires_secrets.length === 0 ? {} : { requires_secrets: [...spec.requires_secrets] }),
})

export const reviewedJob = (spec: JobSpec, artifacts: readonly ReviewedArtifact[], details?: ExecutionDetails): Reviewed => ({
  capability: spec.capability,
  payload: jobPayload(spec, details),
  artifacts,
})

const refused = (issues: readonly Issue[]): Result<never> =>
  fail(
    'invalid-request',
    `The edited payload is not one of a job: ${issues.map((issue) => `${issue.path} ${issue.message}`).join('; ')}.`,
    {
      issues,
    },
  )

/** Shown to a reviewer but not editable: a copy of them in an edit is accepted and ignored. */
const uneditable = ['requires_secrets', 'context', 'version', 'session_id', 'thread_id', 'provider', 'model', 'tags']

/** The job as a reviewer edited it; what the edit leaves out stays. Secrets, the thread and the routing cannot be edited in. */
export function applyEdit(spec: JobSpec, payload: unknown): Result<JobSpec> {
  const given =
    typeof payload === 'object' && payload !== null && !Array.isArray(payload)
      ? Object.fromEntries(Object.entries(payload).filter(([name]) => !uneditable.includes(name)))
      : { prompt: payload }
  const parsed = jobEdit.safeParse(given)
  if (!parsed.success) {
    return refused(parsed.error.issues.map((issue) => ({ path: ['payload', ...issue.path.map(String)].join('.'), message: issue.message })))
  }
  const edit: JobEdit = parsed.data
  if (edit.context_text !== undefined && spec.context_text === null) {
    return refused([{ path: 'payload.context_text', message: 'this job has no inline context' }])
  }
  return ok({
    ...spec,
    ...(edit.prompt === undefined ? {} : { prompt: edit.prompt }),
    ...(edit.input === undefined ? {} : { input: edit.input }),
    ...(edit.context_text === undefined ? {} : { context_text: edit.context_text }),
    ...(edit.metadata === undefined ? {} : { metadata: edit.metadata }),
  })
}
