/** Responsible for the shape of the edge's calls about artifacts: the bytes go between the edge and R2, the object knows of them. */
import type { Artifact } from '@modelreins/contract'
import type { Result } from '../../../src/domain/result.ts'
import type { CallCredential } from '../kernel/credential.ts'

interface About {
  readonly credential: CallCredential
  readonly slug: string
  readonly request_id: string
}

/** What an artifact is to belong to. */
export interface ArtifactPlace {
  readonly job_id?: number | undefined
  readonly review_id?: number | undefined
}

/** What the edge knows once all bytes are in R2. */
export interface KeptUpload extends ArtifactPlace {
  /** Safe to show. */
  readonly filename: string
  readonly content_type: string
  readonly size_bytes: number
  /** Of the bytes that arrived, in hex. */
  readonly sha256: string
  readonly share: boolean
  /** Milliseconds since 1970. */
  readonly expires_at: number | null
}

export interface ArtifactCalls {
  /**
   * Before the first byte: may the caller upload, as far as is known now? Reserves the slug, so that whatever happens to the edge, what it
   * has put into R2 is kept or erased. `earlier`: what an upload with the same idempotency key has left; nothing is reserved then.
   */
  reserveArtifact(
    request: About & { readonly place: ArtifactPlace; readonly idempotency_key: string | null },
  ): Promise<Result<{ readonly earlier: Artifact | null }>>
  /** After the last byte. A failure keeps nothing: release the slug then. */
  keepArtifact(request: About & { readonly upload: KeptUpload }): Promise<Result<Artifact>>
  /** The upload has failed: whatever is in R2 under the slug is erased. Releasing twice, or what was kept, changes nothing. */
  releaseArtifact(request: About): Promise<Result<null>>
  /**
   * May this credential read the artifact? `kind: 'none'` reads what is shared, and learns of everything else nothing but `unauthorized`;
   * others learn `not-found`, or `gone` for a while after it was deleted or has expired.
   */
  locateArtifact(request: About): Promise<Result<Artifact>>
}
