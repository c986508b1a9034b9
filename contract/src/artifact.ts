/** Responsible for artifacts as callers see them; bytes travel raw, beside these shapes. */
import * as z from 'zod'
import { flag, integer, page, paging, time } from './fields.ts'
import { publicId } from './ids.ts'

const filename = z.string().min(1).max(255)
export const artifactUpload = z.strictObject({
  filename: filename.optional(),
  content_type: z.string().max(120).optional(),
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  review_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  expires_at: time.optional(),
  share: flag.optional(),
  /** SHA-256 in hex that the sender computed; refused when the bytes differ. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
})
export const artifact = z
  .object({
    slug: z.string(),
    url: z.string(),
    filename: z.string(),
    content_type: z.string(),
    size_bytes: z.number().int(),
    sha256: z.string(),
    job_id: z.number().int().nullable(),
    review_id: z.number().int().nullable(),
    share: z.boolean(),
    created_by: z.string(),
    created_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: 'Artifact' })
export type Artifact = z.infer<typeof artifact>
export const artifactPage = page(artifact)
export const artifactList = z.strictObject({
  job_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  review_id: integer(1, Number.MAX_SAFE_INTEGER).optional(),
  ...paging,
})
export const artifactRef = z.strictObject({ slug: publicId })
export const artifactPatch = z.strictObject({ slug: publicId, share: flag, expires_at: time.nullable().optional() })
