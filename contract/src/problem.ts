/** Responsible for the table of errors: one row drives HTTP, SDKs, CLI exit codes and the reference. */
import * as z from 'zod'

export interface ProblemRow {
  readonly status: number
  readonly title: string
  /** Whether the same call may succeed later although the caller changes nothing. */
  readonly retryable: boolean
  /** Exit code of the CLI when this problem ends it (from sysexits where one fits). */
  readonly exit: number
  /** One line that says what the caller can do. */
  readonly help: string
}

export const problems = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    retryable: false,
    exit: 64,
    help: 'Correct the fields named in `issues`.',
  },
  unauthorized: {
    status: 401,
    title: 'Authentication required',
    retryable: false,
    exit: 77,
    help: 'Send a valid token: `Authorization: Bearer <token>`.',
  },
  forbidden: { status: 403, title: 'Not allowed', retryable: false, exit: 77, help: 'Use a key whose role may do this.' },
  'capability-not-declared': {
    status: 403,
    title: 'Capability not declared',
    retryable: false,
    exit: 77,
    help: 'Declare the capability on a worker, or choose one of the workers named in `detail`.',
  },
  'signature-required': {
    status: 403,
    title: 'The decision must be signed with a passkey',
    retryable: false,
    exit: 77,
    help: 'Open the review in the dashboard and decide there with your passkey. Keys and the command line cannot sign.',
  },
  'not-found': { status: 404, title: 'Not found', retryable: false, exit: 66, help: 'Check the path and the id.' },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    retryable: false,
    exit: 64,
    help: 'Use one of the methods in the `Allow` header.',
  },
  conflict: { status: 409, title: 'Conflict', retryable: false, exit: 65, help: 'Fetch the current state and repeat the change.' },
  'wrong-state': {
    status: 409,
    title: 'Not possible in this state',
    retryable: false,
    exit: 65,
    help: 'Check the state named in `detail`.',
  },
  'lease-lost': {
    status: 409,
    title: 'The lease is lost',
    retryable: false,
    exit: 65,
    help: 'Stop working on this attempt; another one may be running.',
  },
  'already-claimed': { status: 409, title: 'Already claimed', retryable: false, exit: 65, help: 'Skip this job and poll again.' },
  'name-taken': {
    status: 409,
    title: 'The name is taken',
    retryable: false,
    exit: 65,
    help: 'Choose another name, revoke the worker that has it, or pass `takeover`.',
  },
  'idempotency-conflict': {
    status: 409,
    title: 'The idempotency key was used for another request',
    retryable: false,
    exit: 65,
    help: 'Use a new key for a new request.',
  },
  killswitch: {
    status: 409,
    title: 'The killswitch is raised',
    retryable: true,
    exit: 75,
    help: 'Wait until a member clears it: DELETE /killswitch.',
  },
  gone: { status: 410, title: 'Gone', retryable: false, exit: 66, help: 'The resource has been erased; `detail` says when.' },
  'too-large': { status: 413, title: 'Too large', retryable: false, exit: 65, help: 'Stay under the limit named in `detail`.' },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    retryable: false,
    exit: 64,
    help: 'Send `Content-Type: application/json`.',
  },
  'upgrade-required': { status: 426, title: 'Upgrade required', retryable: false, exit: 64, help: 'Connect with a WebSocket.' },
  'rate-limited': { status: 429, title: 'Too many requests', retryable: true, exit: 75, help: 'Wait for `retry_after_ms`.' },
  internal: {
    status: 500,
    title: 'Internal error',
    retryable: true,
    exit: 70,
    help: 'This is a bug. Report the request id in `instance`.',
  },
  'no-eligible-worker': {
    status: 503,
    title: 'No eligible worker',
    retryable: true,
    exit: 69,
    help: 'Register a matching worker; `detail` says why each existing one does not match.',
  },
  'no-live-worker': {
    status: 503,
    title: 'No live worker',
    retryable: true,
    exit: 69,
    help: 'Start a worker, or dispatch with `when_offline: "queue"`.',
  },
  unavailable: { status: 503, title: 'Temporarily unavailable', retryable: true, exit: 75, help: 'Try again after `retry_after_ms`.' },
} as const satisfies Record<string, ProblemRow>

export type ProblemCode = keyof typeof problems
export const problemCodes = Object.keys(problems) as readonly ProblemCode[]

export const issueSchema = z.object({ path: z.string(), message: z.string() })
export type Issue = z.infer<typeof issueSchema>

/** `application/problem+json`, RFC 9457. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    code: z.enum(problemCodes as [ProblemCode, ...ProblemCode[]]),
    retryable: z.boolean(),
    retry_after_ms: z.number().int().optional(),
    issues: z.array(issueSchema).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problemSchema>

/** In a `lease-lost` of an attempt whose job was aborted: its worker has nothing to worry about. */
export const abortedIssue: Issue = { path: 'job_id', message: 'was aborted' }

/** A failure as the domain and the objects return it, before it becomes an HTTP answer. */
export interface Failure {
  readonly code: ProblemCode
  readonly detail: string
  readonly retry_after_ms?: number
  readonly issues?: readonly Issue[]
  /** The same call will be refused again, though most failures of this code pass. */
  readonly retryable?: false
}
