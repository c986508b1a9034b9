/** Responsible for the life cycle of an artifact's row and for the place of its bytes. */

/**
 * `uploading`: a slug is reserved, and bytes may be arriving. `kept`: all bytes are stored. `erasing`: the artifact can no longer be read, and R2 has
 * to delete its bytes. `erased`: R2 has deleted them; the row answers `gone` for a while.
 */
export const artifactStates = ['uploading', 'kept', 'erasing', 'erased'] as const
export type ArtifactState = (typeof artifactStates)[number]

/** Times are milliseconds since 1970. */
export interface ArtifactRecord {
  /** Number of the artifact in its tenant. */
  readonly id: number
  /** Unguessable id; part of its address and R2 key. */
  readonly slug: string
  /** State of the bytes; see `artifactStates`. */
  readonly state: ArtifactState
  /** Safe name (`safeFilename`). */
  readonly filename: string
  /** Media type as the sender declared it. */
  readonly content_type: string
  /** Size; 0 until the bytes have arrived. */
  readonly size_bytes: number
  /** SHA-256, hex; empty until the bytes have arrived. */
  readonly sha256: string
  /** Job that it belongs to; null without one. */
  readonly job_id: number | null
  /** Review that it is attached to; null without one. */
  readonly review_id: number | null
  /** Worker that uploaded it; null: a member did. */
  readonly worker_id: string | null
  /** Id of the member or worker that uploaded it. */
  readonly actor_id: string
  /** The same as `kind:name`, for display. */
  readonly created_by: string
  /** Anyone with its address may download it. */
  readonly share: boolean
  /** Time of the reservation. */
  readonly created_at: number
  /** Time at which it is erased; null: never. */
  readonly expires_at: number | null
  /** Time at which it stopped being readable; null while it is. */
  readonly gone_at: number | null
  /** Reason for that; null while it is readable. */
  readonly gone_why: 'deleted' | 'expired' | null
  /** Time of the next step that needs no caller: expiry or erasure; null without one. */
  readonly next_at: number | null
  /** Requests to R2 to delete the bytes. */
  readonly erasures: number
  /** Key of the upload; null without one. */
  readonly idempotency_key: string | null
}

/** The R2 key of its bytes. It contains only the random slug, nothing that a sender chooses. */
export const artifactKey = (tenant: string, slug: string): string => `artifacts/${tenant}/${slug}`

export const isReadable = (artifact: ArtifactRecord, at: number): boolean =>
  artifact.state === 'kept' && (artifact.expires_at === null || artifact.expires_at > at)

const firstPause = 60_000
const longestPause = 6 * 3_600_000

/** How long to wait before a failed erasure is tried again. */
export const erasurePause = (erasures: number): number => Math.min(longestPause, firstPause * 2 ** Math.min(erasures, 20))

/** From now on nobody can read the artifact. R2 is asked to delete the bytes, repeatedly until it has. */
export const erase = (artifact: ArtifactRecord, why: ArtifactRecord['gone_why'], at: number): ArtifactRecord => ({
  ...artifact,
  state: 'erasing',
  gone_at: artifact.gone_at ?? at,
  gone_why: artifact.gone_why ?? why,
  next_at: at + erasurePause(artifact.state === 'erasing' ? artifact.erasures : 0),
  erasures: artifact.state === 'erasing' ? artifact.erasures + 1 : 1,
  idempotency_key: null,
})
