/** Responsible for the type of a row of the operations table, and for the references that several rows take. */
import * as z from 'zod'
import { jobId } from '../fields.ts'
import type { HotReader } from '../hot-request.ts'
import { workerId } from '../ids.ts'
import type { ProblemCode } from '../problem.ts'
import type { Scope } from '../scope.ts'

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The main path, on which unknown fields are refused. `:name` segments are fields of `input`. */
  readonly path: string
  /** Paths of the compatibility API (the seeds): unknown fields are ignored, and null means absent. */
  readonly seedPaths?: readonly string[]
  /** Shorter forms of `path` that no older program calls. They are as strict as `path`. */
  readonly aliases?: readonly string[]
  readonly scope: Scope
  /**
   * Which part executes the operation. `tenant`: a command of the tenant object. `stream`: the job's stream object. `edge`: the edge itself, which
   * may call the others.
   */
  readonly by: 'tenant' | 'edge' | 'stream'
  /**
   * What happens when the same call is sent again because its answer was lost. `safe`: nothing more. `by-key`: nothing more if both calls carry the
   * same idempotency key. `never`: the call may act twice, or be refused because it has already succeeded.
   */
  readonly repeat: 'safe' | 'by-key' | 'never'
  /**
   * Whether assistants get it as a tool. Decisions that only humans make, calls that answer a credential, and calls that move raw bytes are not
   * tools.
   */
  readonly tool: boolean
  readonly summary: string
  /** An input that the schema accepts, shown in the reference and in openapi.json. */
  readonly example: Readonly<Record<string, unknown>>
  /** One flat object: path parameters, then the query (GET, DELETE) or the JSON body (the rest). */
  readonly input: z.ZodObject
  /** The input on the main path, when that requires more than the compatibility paths; default: `input`. */
  readonly ownInput?: z.ZodObject
  /** Reads the most frequent inputs as both schemas would. */
  readonly hot?: HotReader
  readonly output: z.ZodType
  readonly status: 200 | 201 | 202 | 204
  /** Error codes in addition to those that every operation may answer (see `commonProblems`). */
  readonly problems: readonly ProblemCode[]
  /** The request may be held open: long polls and streams. */
  readonly held?: true
  /** `raw`: the body is bytes or multipart, and `input` is read from query, headers or parts. */
  readonly body?: 'raw'
  /** A public operation that reads a token if one is sent, because known callers may get more. */
  readonly token?: 'optional'
  readonly bodyLimit?: number
  /** The media type of the answer when it is not JSON. */
  readonly produces?: string
}

/** Every path of a row, starting with its main path. */
export const operationPaths = (row: Pick<Operation, 'path' | 'aliases' | 'seedPaths'>): readonly string[] => [
  row.path,
  ...(row.aliases ?? []),
  ...(row.seedPaths ?? []),
]

/** The input that a path of this row takes; `tolerant`: the path is one of the compatibility paths. */
export const inputOf = (row: Pick<Operation, 'input' | 'ownInput'>, tolerant: boolean): z.ZodObject =>
  tolerant ? row.input : (row.ownInput ?? row.input)

/** Checks that a value is a row without widening its type. */
export const operation = <const Row extends Operation>(row: Row): Row => row

export const jobRef = z.strictObject({ job_id: jobId })
export const workerRef = z.strictObject({ worker_id: workerId })
