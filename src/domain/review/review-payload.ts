/** Responsible for what a review covers: the text that is hashed, the payload of a job, and the effect of an edit. */
import type { Issue, JobEdit } from '@modelreins/contract'
import { NotCanonical, canonicalJson, issuesOf, jobEdit } from '@modelreins/contract'
import type { JobSpec } from '../job/job-machine.ts'
import { fail, ok } from '../result.ts'
import type { Result } from '../result.ts'

export interface ReviewedArtifact {
  readonly slug: string
  /** SHA-256 in hex. */
  readonly sha256: string
}

/** What a reviewer decides about. */
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
 * The text whose SHA-256 is the digest: RFC 8785 of {artifacts, capability, payload}, where artifacts are their digests in the order in which they
 * were attached. It must not throw, because a sweep computes it too: text that RFC 8785 rejects (lone surrogates) is escaped, after a prefix that no
 * canonical JSON begins with.
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

/** Context of a job that is reviewed together with its content: its thread, and the provider and model that run it. */
export interface ExecutionDetails {
  readonly thread_id: string | null
  /** Provider and model of the worker that the review names; if any worker may take the job, those that the job asks for. */
  readonly provider: string | null
  readonly model: string | null
}

/** Version of payloads that include the execution details. Older payloads have no version and are verified in their old form. */
const version = 2

export const bindsExecutionDetails = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && 'version' in payload && payload.version === version

const optionalField = (name: string, value: string | null): Readonly<Record<string, string>> => (value === null ? {} : { [name]: value })

/**
 * Everything of a job that reaches its handler, and the provider and model that run it. Times and priorities are not part of an approval. Without
 * `details` the payload has the old form.
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

/** Fields that are shown to a reviewer but cannot be edited: an edit that contains them is accepted, and they are ignored. */
const uneditable = ['requires_secrets', 'context', 'version', 'session_id', 'thread_id', 'provider', 'model', 'tags']

/** The job after a reviewer's edit; fields that the edit omits are unchanged. Secrets, the thread and the routing cannot be edited. */
export function applyEdit(spec: JobSpec, payload: unknown): Result<JobSpec> {
  const given =
    typeof payload === 'object' && payload !== null && !Array.isArray(payload)
      ? Object.fromEntries(Object.entries(payload).filter(([name]) => !uneditable.includes(name)))
      : { prompt: payload }
  const parsed = jobEdit.safeParse(given)
  if (!parsed.success) {
    return refused(issuesOf(parsed.error, given).map(({ path, message }) => ({ path: `payload.${path}`, message })))
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
