/** Responsible for the shapes of artifacts as callers see them; the bytes of an artifact travel outside of these shapes. */
import * as z from 'zod'
import { flag, givenTime, integer, page, paging, time } from './fields.ts'
import { limits } from './limits.ts'

/** Any name is accepted. The server makes it safe to display and to save under, and never uses it to look anything up. */
const filename = z.string().min(1).max(limits.artifact_filename_chars)
/** The form is not validated, so that a made-up slug gets the same answer as an unknown one. */
const slug = z.string().min(1).max(200)

/** Taken from the query, from headers (`X-Filename`, `X-Job-Id`, ...) and from the text parts of a multipart body. Later sources win. */
export const artifactUpload = z.strictObject({
  filename: filename.optional(),
  content_type: z.string().max(120).optional(),
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  review_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  expires_at: givenTime.optional(),
  share: flag.optional(),
  /** SHA-256 in hex that the sender computed; refused when the bytes differ. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as 64 lower-case hex digits')
    .optional(),
})
export const artifact = z
  .object({
    slug: z.string(),
    url: z.string(),
    /** Safe to show and to save under; at most 255 bytes. */
    filename: z.string(),
    content_type: z.string(),
    size_bytes: z.number().int(),
    /** SHA-256 of the bytes, in hex. */
    sha256: z.string(),
    job_id: z.number().int().nullable(),
    review_id: z.number().int().nullable(),
    /** Anyone who knows the URL can read it, without a token. */
    share: z.boolean(),
    /** `worker:NAME` or `member:NAME`. */
    created_by: z.string(),
    created_at: time,
    /** When the artifact is deleted; null: never. */
    expires_at: time.nullable(),
  })
  .meta({ id: 'Artifact' })
export type Artifact = z.infer<typeof artifact>

/** The fields that a job shows of its artifacts. */
export const artifactBrief = artifact.pick({ slug: true, url: true, filename: true, content_type: true, size_bytes: true })
export type ArtifactBrief = z.infer<typeof artifactBrief>

export const artifactPage = page(artifact)
export const artifactList = z.strictObject({
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  review_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  ...paging,
})
export const artifactRef = z.strictObject({ slug })
export const artifactPatch = z.strictObject({ slug, share: flag.optional(), expires_at: givenTime.nullable().optional() })
