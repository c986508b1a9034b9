/** Responsible for the shape of the edge's calls about artifacts: the bytes go between the edge and R2, the object keeps the rows. */
import type { Artifact } from '@modelreins/contract'
import type { Result } from '../../../src/domain/result.ts'
import type { CallCredential } from '../kernel/credential.ts'

interface About {
  readonly credential: CallCredential
  readonly slug: string
  readonly request_id: string
}

/** The job or review to which an artifact should belong. */
export interface ArtifactPlace {
  readonly job_id?: number | undefined
  readonly review_id?: number | undefined
}

/** What the edge knows about an upload when all bytes are in R2. */
export interface KeptUpload extends ArtifactPlace {
  /** Safe to show. */
  readonly filename: string
  readonly content_type: string
  readonly size_bytes: number
  /** SHA-256 of the received bytes, hex. */
  readonly sha256: string
  readonly share: boolean
  /** Milliseconds since 1970. */
  readonly expires_at: number | null
}

export interface ArtifactCalls {
  /**
   * Called before the first byte: checks whether the caller may upload, and reserves the slug, so that the bytes in R2 are either kept or
   * erased even when the edge fails. `earlier`: the artifact of an upload with the same idempotency key; then nothing is reserved.
   */
  reserveArtifact(
    request: About & { readonly place: ArtifactPlace; readonly idempotency_key: string | null },
  ): Promise<Result<{ readonly earlier: Artifact | null }>>
  /** Called after the last byte. After a failure nothing is kept, and the caller must release the slug. */
  keepArtifact(request: About & { readonly upload: KeptUpload }): Promise<Result<Artifact>>
  /** Called when the upload has failed: erases the bytes in R2. Idempotent; a kept artifact stays unchanged. */
  releaseArtifact(request: About): Promise<Result<null>>
  /**
   * Returns the artifact if the credential may read it. A caller with `kind: 'none'` may read shared artifacts and otherwise gets
   * `unauthorized`; other callers get `not-found`, or `gone` for a while after the artifact was deleted or expired.
   */
  locateArtifact(request: About): Promise<Result<Artifact>>
}
