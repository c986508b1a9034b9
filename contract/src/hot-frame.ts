/**
 * Responsible for reading the three frames that every job sends (`start`, `complete`, `credit`) without the schema, which takes 5 to 10 microseconds
 * per frame: in batches a tenth of the cost of a job. It rejects nothing: the schema judges every frame that it does not recognise, and says what is
 * wrong. A test checks that both agree.
 */
import { fitsBytes } from './fields.ts'
import type { WorkerFrame } from './frame.ts'
import { limits } from './limits.ts'

type Hot = Extract<WorkerFrame, { type: 'start' | 'complete' | 'credit' }>

type Fields = Readonly<Record<string, unknown>>

/** Whether the frame has at least `needed` fields, all of them in `allowed`. */
function hasOnly(frame: Fields, needed: number, allowed: ReadonlySet<string>): boolean {
  let found = 0
  for (const name in frame) {
    if (!allowed.has(name)) return false
    found += 1
  }
  return found >= needed
}

const isCount = (value: unknown, from: number): value is number => Number.isSafeInteger(value) && (value as number) >= from
const isToken = (value: unknown): value is string => typeof value === 'string' && value.length <= 400
const isText = (value: unknown, most: number): value is string => typeof value === 'string' && fitsBytes(value, most)

const startFields: ReadonlySet<string> = new Set(['type', 'ref', 'token'])
const creditFields: ReadonlySet<string> = new Set(['type', 'slots'])
const completeFields: ReadonlySet<string> = new Set(['type', 'ref', 'token', 'job_id', 'result', 'exit_code', 'tail', 'chunks'])
const tailFields: ReadonlySet<string> = new Set(['text', 'truncated'])

function isTail(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const tail = value as Fields
  return (
    hasOnly(tail, 1, tailFields) &&
    isText(tail['text'], limits.tail_bytes) &&
    (tail['truncated'] === undefined || typeof tail['truncated'] === 'boolean')
  )
}

const isComplete = (frame: Fields): boolean =>
  hasOnly(frame, 4, completeFields) &&
  isCount(frame['ref'], 0) &&
  isToken(frame['token']) &&
  isCount(frame['job_id'], 1) &&
  (frame['result'] === undefined || frame['result'] === null || isText(frame['result'], limits.result_bytes)) &&
  (frame['exit_code'] === undefined || Number.isSafeInteger(frame['exit_code'])) &&
  (frame['tail'] === undefined || isTail(frame['tail'])) &&
  (frame['chunks'] === undefined || isCount(frame['chunks'], 0))

/** The frame, when it is certain that `workerFrame` accepts it unchanged; undefined: the schema must decide. `value` comes from JSON. */
export function hotFrame(value: unknown): Hot | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const frame = value as Fields
  const taken =
    frame['type'] === 'start'
      ? hasOnly(frame, 3, startFields) && isCount(frame['ref'], 0) && isToken(frame['token'])
      : frame['type'] === 'complete'
        ? isComplete(frame)
        : frame['type'] === 'credit' &&
          hasOnly(frame, 2, creditFields) &&
          isCount(frame['slots'], 0) &&
          (frame['slots'] as number) <= limits.claim_max
  return taken ? (frame as unknown as Hot) : undefined
}
