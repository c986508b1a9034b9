/** Responsible for the field types that many messages share: names, times, lists in queries. */
import * as z from 'zod'
import { byteLength } from './byte-length.ts'
import { limits } from './limits.ts'

/** Whether a text is at most this many bytes of UTF-8. A UTF-16 unit takes at most three bytes, so only long texts need counting. */
export const fitsBytes = (text: string, maxBytes: number): boolean =>
  text.length * 3 <= maxBytes || (text.length <= maxBytes && byteLength(text) <= maxBytes)

/** A text bounded in bytes, not characters: storage limits count bytes. */
export const text = (maxBytes: number) =>
  z.string().refine((value) => fitsBytes(value, maxBytes), {
    error: `must be at most ${maxBytes} bytes of UTF-8`,
  })

/** Any JSON value, bounded by the bytes of its serialised form. */
export const jsonValue = (maxBytes: number) =>
  z.json().refine((value) => byteLength(JSON.stringify(value)) <= maxBytes, {
    error: `must be at most ${maxBytes} bytes as JSON`,
  })

/** ISO 8601 in UTC, the form of every time that the server answers. */
export const time = z.iso.datetime()

const offsetTime = z.iso.datetime({ offset: true })
/**
 * Normalises the spellings that RFC 3339 allows: lower case, a space before the time, an offset without its colon, and a `+` that URL decoding turned
 * into a space.
 */
const spelledTime = (given: string): string =>
  given
    .trim()
    .toUpperCase()
    .replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, '$1T')
    .replace(/ (?=\d\d:?\d\d$)/, '+')
    .replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
    .replace(/(T\d\d:\d\d)(?=[Z+-])/, '$1:00')

/** A time in a request: ISO 8601 with an offset or in UTC. Converted to UTC. */
export const givenTime = z
  .string()
  .max(64)
  .refine((given) => offsetTime.safeParse(spelledTime(given)).success && !Number.isNaN(Date.parse(spelledTime(given))), {
    error: 'must be a time with its offset, such as 2030-01-31T08:00:00Z or 2030-01-31T09:00:00+01:00',
    abort: true,
  })
  .overwrite((given) => new Date(spelledTime(given)).toISOString())
  .meta({ format: 'date-time' })

/** A field that has no effect in combination with others. Where `when` holds, the request is refused with the name of the field. */
export interface Meaningless<Value> {
  readonly field: keyof Value & string
  readonly when: (value: Value) => boolean
  readonly message: string
}

/** For `.check()` of a request, so that a field without effect is refused and never ignored silently. */
export const refuseMeaningless =
  <Value extends object>(...rules: readonly Meaningless<Value>[]) =>
  (payload: z.core.ParsePayload<Value>): void => {
    for (const { field, when, message } of rules) {
      if (payload.value[field] === undefined || !when(payload.value)) continue
      payload.issues.push({ code: 'custom', input: payload.value[field], path: [field], message })
    }
  }

/**
 * Characters that cannot be seen, such as marks and direction overrides, which make different texts look alike. Not all regular expression dialects
 * can express this.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

/** A label that people choose and read: not blank, and without invisible characters. */
export const label = z
  .string()
  .trim()
  .min(1)
  .max(limits.name_chars)
  // Written so that ECMAScript, Python and RE2 read it alike: not all of them know \p{Cc}.
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'must not contain control characters or invisible ones')
  .refine((text) => !unseen.test(text), { error: 'must not contain control characters or invisible ones' })

/** A worker's name: what people type as a target, so it has no spaces and no slashes. */
export const workerName = z
  .string()
  .min(1)
  .max(limits.name_chars)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._@:-]*[A-Za-z0-9])?$/, 'must be made of letters, digits and . _ @ : - inside')

/** The instance label that a worker process gives itself: displayed, never trusted, never used as a path. */
export const instanceLabel = z.string().min(1).max(255)

/** A capability name such as `email.triage` (seed 000: the tenant picks it). */
export const capabilityName = z
  .string()
  .min(1)
  .max(limits.name_chars)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._:/-]*[A-Za-z0-9])?$/, 'must be made of letters, digits and . _ : / - inside')

const tag = z.string().trim().min(1).max(64)

/** "a,b" or ["a", "b"], the two spellings that workers use (seed 001: `tags: 'code,review'`). */
export const tagList = z.preprocess(
  (value) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '')
      : value,
  z.array(tag).max(limits.tags),
)

/** Numbers and booleans arrive as text in paths and queries. Callers in code pass them as numbers and booleans. */
export const integer = (min: number, max: number, error = `must be a whole number from ${min} to ${max}`) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value),
    z.number({ error }).int().min(min).max(max),
  )
export const flag = z.preprocess(
  (value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value),
  z.boolean(),
)

/** The id of something that counts 1, 2, 3, ... in its tenant. */
const countedId = (list: string) => integer(1, Number.MAX_SAFE_INTEGER, `must be an id, a whole number such as 42 (GET ${list} lists them)`)
export const jobId = countedId('/api/v1/jobs')
export const reviewId = countedId('/api/v1/reviews')
export const seconds = (maxMs: number) =>
  z
    .number({ error: `must be a number of seconds, at most ${maxMs / 1000}` })
    .positive()
    .max(maxMs / 1000)

/** Fields that every list operation takes. */
export const paging = {
  limit: integer(1, limits.list_max).optional(),
  cursor: z.string().max(200).optional(),
}

/** A page may be shorter than `limit`, or empty, and still have a next page: only a `next_cursor` of null marks the end. */
export const page = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), next_cursor: z.string().nullable() })
