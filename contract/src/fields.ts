/** Responsible for the field types that many messages share: names, times, lists in queries; it knows no operation. */
import * as z from 'zod'
import { byteLength } from './byte-length.ts'
import { limits } from './limits.ts'

/** A text bounded in bytes, not characters: storage limits count bytes. */
export const text = (maxBytes: number) =>
  z.string().refine((value) => value.length <= maxBytes && byteLength(value) <= maxBytes, {
    error: `must be at most ${maxBytes} bytes of UTF-8`,
  })

/** Any JSON value, bounded by the bytes of its serialised form. */
export const jsonValue = (maxBytes: number) =>
  z.json().refine((value) => byteLength(JSON.stringify(value)) <= maxBytes, {
    error: `must be at most ${maxBytes} bytes as JSON`,
  })

/** ISO 8601 in UTC, as every time in this protocol. */
export const time = z.iso.datetime()

/** A label that people choose and read: not blank, and nothing in it that is not to be seen. */
export const label = z
  .string()
  .trim()
  .min(1)
  .max(limits.name_chars)
  .regex(
    /^[^\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]*$/u,
    'must not contain control characters or invisible ones',
  )

/** A worker's name: what people type as a target, so it has no spaces and no slashes. */
export const workerName = z
  .string()
  .min(1)
  .max(limits.name_chars)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._@:-]*[A-Za-z0-9])?$/, 'use letters, digits and . _ @ : - inside')

/** The instance label that a worker process calls itself: shown, never trusted, never a path. */
export const instanceLabel = z.string().min(1).max(255)

/** A capability name such as `email.triage` (seed 000: the tenant picks it). */
export const capabilityName = z
  .string()
  .min(1)
  .max(limits.name_chars)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._:/-]*[A-Za-z0-9])?$/, 'use letters, digits and . _ : / - inside')

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

/** Numbers and booleans arrive as text in paths and queries; callers in code pass them as they are. */
export const integer = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value),
    z
      .number({ error: `must be a whole number from ${min} to ${max}` })
      .int()
      .min(min)
      .max(max),
  )
export const flag = z.preprocess(
  (value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value),
  z.boolean(),
)

export const jobId = integer(1, Number.MAX_SAFE_INTEGER)
export const seconds = (maxMs: number) =>
  z
    .number()
    .positive()
    .max(maxMs / 1000)

/** Fields that every list operation takes. */
export const paging = {
  limit: integer(1, limits.list_max).optional(),
  cursor: z.string().max(200).optional(),
}

export const page = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), next_cursor: z.string().nullable() })
