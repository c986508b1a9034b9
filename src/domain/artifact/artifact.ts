/** Responsible for the life of an artifact's row and for where its bytes are; it moves no bytes. */

/**
 * `uploading`: a slug is reserved, bytes may be arriving. `kept`: they are all there. `erasing`: nobody gets them any more, and R2 is to
 * forget them. `erased`: R2 has; the row says `gone` for a while.
 */
export const artifactStates = ['uploading', 'kept', 'erasing', 'erased'] as const
export type ArtifactState = (typeof artifactStates)[number]

/** Times are milliseconds since 1970. */
export interface ArtifactRecord {
  readonly id: number
  readonly slug: string
  readonly state: ArtifactState
  /** Safe to show (`safeFilename`). */
  readonly filename: string
  readonly content_type: string
  readonly size_bytes: number
  readonly sha256: string
  readonly job_id: number | null
  readonly review_id: number | null
  /** The worker that uploaded it; null: a member. */
  readonly worker_id: string | null
  /** Id of the member or worker, and how people read it. */
  readonly actor_id: string
  readonly created_by: string
  readonly share: boolean
  readonly created_at: number
  readonly expires_at: number | null
  /** When it stopped being readable, and why. */
  readonly gone_at: number | null
  readonly gone_why: 'deleted' | 'expired' | null
  /** When time alone does something next. */
  readonly next_at: number | null
  /** How often R2 was asked to forget it. */
  readonly erasures: number
  readonly idempotency_key: string | null
}

/** Where its bytes are in R2. The slug is random: nothing that a sender chooses is part of the key. */
export const artifactKey = (tenant: string, slug: string): string => `artifacts/${tenant}/${slug}`

export const isReadable = (artifact: ArtifactRecord, at: number): boolean =>
  artifact.state === 'kept' && (artifact.expires_at === null || artifact.expires_at > at)

const firstPause = 60_000
const longestPause = 6 * 3_600_000

/** How long to wait for an erasure before it is tried again. */
export const erasurePause = (erasures: number): number => Math.min(longestPause, firstPause * 2 ** Math.min(erasures, 20))

/** Nobody gets it from now on; R2 is asked to forget it, and asked again until it has. */
export const erase = (artifact: ArtifactRecord, why: ArtifactRecord['gone_why'], at: number): ArtifactRecord => ({
  ...artifact,
  state: 'erasing',
  gone_at: artifact.gone_at ?? at,
  gone_why: artifact.gone_why ?? why,
  next_at: at + erasurePause(artifact.state === 'erasing' ? artifact.erasures : 0),
  erasures: artifact.state === 'erasing' ? artifact.erasures + 1 : 1,
  idempotency_key: null,
})
