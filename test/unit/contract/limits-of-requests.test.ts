/** Says of each limit on what a request carries that just below and at it the request is taken, and just above it refused by the field's name. */
import { limits, operations, type OperationId } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { parseInput } from '../../../src/edge/http/parse-input.ts'

type Limit = keyof typeof limits
/** What has this size, in the limit's own unit. */
type Make = (size: number) => unknown

const chars: Make = (size) => 'x'.repeat(size)
/** Two bytes each, and one letter where the size is odd: bytes are counted, not characters. */
const bytes: Make = (size) => 'é'.repeat(Math.floor(size / 2)) + 'x'.repeat(size % 2)
const json: Make = (size) => 'x'.repeat(size - 2)
const number: Make = (size) => size
const inSeconds: Make = (ms) => ms / 1000
const list =
  (item: (index: number) => unknown): Make =>
  (size) =>
    Array.from({ length: size }, (_, index) => item(index))

interface Row {
  readonly limit: Limit
  readonly of: OperationId
  readonly field: string
  readonly make: Make
  /** What else the request needs, to be no other mistake. */
  readonly beside?: Readonly<Record<string, unknown>>
  /** The limit is the smallest value, not the largest. */
  readonly least?: true
}

const prompt = { prompt: 'x' }
const chunk = { seq: 0, stream: 'stdout', text: 'x' }
const capability = { name: 'a', risk_tier: 'approve' }
const error = { type: 'x', message: 'y' }
const digest = 'a'.repeat(64)

const rows: readonly Row[] = [
  { limit: 'prompt_bytes', of: 'jobs.dispatch', field: 'prompt', make: bytes },
  { limit: 'input_bytes', of: 'jobs.dispatch', field: 'input', make: json, beside: prompt },
  { limit: 'input_bytes', of: 'jobs.dispatch', field: 'context_text', make: bytes, beside: prompt },
  { limit: 'metadata_bytes', of: 'jobs.dispatch', field: 'metadata', make: (size) => ({ a: 'x'.repeat(size - 8) }), beside: prompt },
  { limit: 'tags', of: 'jobs.dispatch', field: 'tags', make: list((index) => `t${index}`), beside: prompt },
  { limit: 'name_chars', of: 'jobs.dispatch', field: 'capability', make: chars, beside: prompt },
  { limit: 'timeout_max_ms', of: 'jobs.dispatch', field: 'timeout', make: inSeconds, beside: prompt },
  { limit: 'schedule_to_start_max_ms', of: 'jobs.dispatch', field: 'expires_in', make: inSeconds, beside: prompt },
  { limit: 'attempts_max', of: 'jobs.dispatch', field: 'max_attempts', make: number, beside: prompt },
  { limit: 'priority_max', of: 'jobs.dispatch', field: 'priority', make: number, beside: prompt },
  { limit: 'priority_min', of: 'jobs.dispatch', field: 'priority', make: number, beside: prompt, least: true },
  { limit: 'fan_out_targets', of: 'jobs.dispatch', field: 'targets', make: list((index) => `w${index}`), beside: prompt },
  {
    limit: 'merge_prompt_bytes',
    of: 'jobs.dispatch',
    field: 'merge',
    make: (size) => ({ by: 'worker', prompt: bytes(size) }),
    beside: { ...prompt, targets: ['a', 'b'] },
  },
  { limit: 'dispatch_batch_jobs', of: 'jobs.dispatch_batch', field: 'jobs', make: list(() => prompt) },
  { limit: 'list_max', of: 'jobs.list', field: 'limit', make: number },
  { limit: 'claim_max', of: 'claims.poll', field: 'max', make: number },
  { limit: 'long_poll_max_s', of: 'claims.poll', field: 'wait', make: number },
  {
    limit: 'output_chunks_per_call',
    of: 'claims.output',
    field: 'chunks',
    make: list((seq) => ({ ...chunk, seq })),
    beside: { job_id: 1 },
  },
  {
    limit: 'output_chunk_bytes',
    of: 'claims.output',
    field: 'chunks',
    make: (size) => [{ ...chunk, text: bytes(size) }],
    beside: { job_id: 1 },
  },
  { limit: 'result_bytes', of: 'claims.complete', field: 'result', make: bytes, beside: { job_id: 1 } },
  {
    limit: 'tail_bytes',
    of: 'claims.complete',
    field: 'tail',
    make: (size) => ({ text: bytes(size), truncated: false }),
    beside: { job_id: 1 },
  },
  {
    limit: 'error_message_bytes',
    of: 'claims.fail',
    field: 'error',
    make: (size) => ({ ...error, message: bytes(size) }),
    beside: { job_id: 1 },
  },
  { limit: 'name_chars', of: 'workers.register', field: 'name', make: chars },
  { limit: 'name_chars', of: 'members.create', field: 'name', make: chars, beside: { role: 'viewer' } },
  {
    limit: 'quorum_max',
    of: 'workers.register',
    field: 'capabilities',
    make: (size) => [{ ...capability, policy: { quorum: { approve: size } } }],
    beside: { name: 'a' },
  },
  {
    limit: 'grant_max_ms',
    of: 'reviews.decide',
    field: 'grant',
    make: (ms) => ({ ttl: ms / 1000 }),
    beside: { review_id: 1, verdict: 'approve', digest },
  },
  { limit: 'input_bytes', of: 'reviews.submit', field: 'content', make: bytes, beside: { title: 'x' } },
  { limit: 'input_bytes', of: 'claims.authorize', field: 'action', make: json, beside: { job_id: 1, capability: 'a' } },
  { limit: 'artifact_filename_chars', of: 'artifacts.upload', field: 'filename', make: chars },
  { limit: 'audit_verify_rows', of: 'audit.verify', field: 'limit', make: number },
]

function refusedFields({ of, field, beside = {}, make }: Row, size: number): readonly string[] {
  const body = { ...beside, [field]: make(size) }
  const parsed = parseInput(operations[of], { path: {}, query: new URLSearchParams(), body, idempotencyKey: null }, false)
  return parsed.ok ? [] : (parsed.failure.issues ?? []).map((issue) => issue.path.split('.')[0] ?? '')
}

describe('a limit of what a request carries', () => {
  test.each(rows.map((row) => [`${row.limit} of ${row.of} ${row.field}`, row] as const))('%s holds exactly there', (_name, row) => {
    const at = limits[row.limit]
    const inside = row.least === true ? 1 : -1
    expect(refusedFields(row, at + inside), 'just inside').toEqual([])
    expect(refusedFields(row, at), 'at it').toEqual([])
    expect(refusedFields(row, at - inside), 'just beyond').toEqual([row.field])
  })
})
