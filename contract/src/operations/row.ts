/** Responsible for what a row of the operations table says, and for the references that several rows take. */
import * as z from 'zod'
import { jobId } from '../fields.ts'
import { workerId } from '../ids.ts'
import type { ProblemCode } from '../problem.ts'
import type { Scope } from '../scope.ts'

export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** The path that is ours: unknown fields are refused. `:name` segments are fields of `input`. */
  readonly path: string
  /** Paths of the seeds: unknown fields are ignored, and null means absent. */
  readonly seedPaths?: readonly string[]
  /** Shorter spellings of `path` that no program of the seeds' time calls: as strict as it. */
  readonly aliases?: readonly string[]
  readonly scope: Scope
  /** Who carries it out. `tenant`: a command of the tenant object. `stream`: the job's stream object. `edge`: the edge, from what it asks of others. */
  readonly by: 'tenant' | 'edge' | 'stream'
  /**
   * What sending the same call again does, after an answer that got lost. `safe`: nothing more. `by-key`: nothing more when both carry the
   * same idempotency key. `never`: it may act twice, or refuse what it has just done.
   */
  readonly repeat: 'safe' | 'by-key' | 'never'
  /** Whether assistants get it as a tool. What only humans decide, hands out a credential or moves raw bytes is not one. */
  readonly tool: boolean
  readonly summary: string
  /** An input that the schema accepts, as the reference and openapi.json show it. */
  readonly example: Readonly<Record<string, unknown>>
  /** One flat object: path parameters, then the query (GET, DELETE) or the JSON body (the rest). */
  readonly input: z.ZodObject
  /** What our own path takes, where it insists on more than the seeds' paths do; else `input`. */
  readonly ownInput?: z.ZodObject
  readonly output: z.ZodType
  readonly status: 200 | 201 | 202 | 204
  /** Codes beyond those that every operation may answer (see `commonProblems`). */
  readonly problems: readonly ProblemCode[]
  /** May be held open: long polls and streams. */
  readonly held?: true
  /** `raw`: the body is bytes or multipart, and `input` is taken from query, headers or parts. */
  readonly body?: 'raw'
  /** A public operation that looks at a token when one is sent: who calls may get more than others. */
  readonly token?: 'optional'
  readonly bodyLimit?: number
  /** What it answers when that is not JSON. */
  readonly produces?: string
}

/** Every path of a row, its own first. */
export const operationPaths = (row: Pick<Operation, 'path' | 'aliases' | 'seedPaths'>): readonly string[] => [
  row.path,
  ...(row.aliases ?? []),
  ...(row.seedPaths ?? []),
]

/** What a path of this row takes; `tolerant`: one of the seeds'. */
export const inputOf = (row: Pick<Operation, 'input' | 'ownInput'>, tolerant: boolean): z.ZodObject =>
  tolerant ? row.input : (row.ownInput ?? row.input)

/** Keeps each row's own types while checking that it is one. */
export const operation = <const Row extends Operation>(row: Row): Row => row

export const jobRef = z.strictObject({ job_id: jobId })
export const workerRef = z.strictObject({ worker_id: workerId })
