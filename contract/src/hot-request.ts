/**
 * Responsible for reading the inputs that programs send by the thousand without the schema's machinery, which takes longer than all else that is done
 * with them at the edge. It refuses nothing: what it does not take for sure is for the schema to judge, which says what is wrong. A test holds both
 * together.
 */
import { fitsBytes } from './fields.ts'
import { efforts, modes } from './job.ts'
import { limits } from './limits.ts'

/** The input as the schema would read it, or undefined, which says nothing. `flat` comes from JSON, with what the path names as text. */
export type HotReader = (flat: Readonly<Record<string, unknown>>) => Record<string, unknown> | undefined

type Checks = ReadonlyMap<string, (value: unknown) => boolean>

const isText = (value: unknown, most: number): value is string => typeof value === 'string' && fitsBytes(value, most)
const isShort = (value: unknown): boolean => typeof value === 'string' && value.length >= 1 && value.length <= 200
const isWhole = (value: unknown, from: number, to: number): boolean =>
  Number.isSafeInteger(value) && from <= (value as number) && (value as number) <= to
const isSeconds = (value: unknown, mostMs: number): boolean => typeof value === 'number' && value > 0 && value <= mostMs / 1000

/** Fields of a dispatch that are read as they are, and that go together whatever they say. */
const ofDispatch: Checks = new Map([
  ['prompt', (value: unknown) => value !== '' && isText(value, limits.prompt_bytes)],
  ['when_offline', (value: unknown) => value === 'queue' || value === 'reject'],
  ['idempotency_key', isShort],
  ['effort', (value: unknown) => (efforts as readonly unknown[]).includes(value)],
  ['mode', (value: unknown) => (modes as readonly unknown[]).includes(value)],
  ['priority', (value: unknown) => isWhole(value, limits.priority_min, limits.priority_max)],
  ['max_attempts', (value: unknown) => isWhole(value, 1, limits.attempts_max)],
  ['thread_id', isShort],
  ['session_id', isShort],
  ['timeout', (value: unknown) => isSeconds(value, limits.timeout_max_ms)],
  ['silence_timeout', (value: unknown) => isSeconds(value, limits.timeout_max_ms)],
  ['expires_in', (value: unknown) => isSeconds(value, limits.schedule_to_start_max_ms)],
])

const isJobId = (value: unknown): boolean => typeof value === 'string' && /^[1-9]\d{0,14}$/.test(value)
const ofStart: Checks = new Map([['job_id', isJobId]])
const ofCompletion: Checks = new Map([
  ['job_id', isJobId],
  ['result', (value: unknown) => value === null || isText(value, limits.result_bytes)],
  ['exit_code', (value: unknown) => Number.isSafeInteger(value)],
])

function passes(flat: Readonly<Record<string, unknown>>, checks: Checks): boolean {
  for (const name in flat) if (checks.get(name)?.(flat[name]) !== true) return false
  return true
}

export const hotDispatch: HotReader = (flat) => (flat['prompt'] !== undefined && passes(flat, ofDispatch) ? { ...flat } : undefined)

const ofAttempt =
  (checks: Checks): HotReader =>
  (flat) =>
    flat['job_id'] !== undefined && passes(flat, checks) ? { ...flat, job_id: Number(flat['job_id']) } : undefined
export const hotStart = ofAttempt(ofStart)
export const hotCompletion = ofAttempt(ofCompletion)
