/**
 * Responsible for deleting the bytes of unreadable artifacts from R2, and for recording it in their rows. When R2 does not answer, the
 * `next_at` of the row triggers another attempt.
 */
import { limits } from '@modelreins/contract'
import { artifactKey } from '../../../src/domain/artifact/artifact.ts'
import type { ArtifactStore } from './artifact-store.ts'

export interface EraserParts {
  readonly tenant: string
  readonly archive: Pick<R2Bucket, 'delete'>
  readonly store: { readonly artifacts: ArtifactStore }
  readonly now: () => number
  readonly waitUntil: (promise: Promise<unknown>) => void
  readonly failed: (reason: unknown) => void
}

/** Limit of R2: keys per delete call. */
const atOnce = 1_000

export class ArtifactEraser {
  readonly #parts: EraserParts

  constructor(parts: EraserParts) {
    this.#parts = parts
  }

  /** Erases in the background. */
  tend(slugs: readonly string[]): void {
    if (slugs.length > 0) this.#parts.waitUntil(this.erase(slugs))
  }

  /** Erases these artifacts; never throws. */
  async erase(slugs: readonly string[]): Promise<void> {
    for (let from = 0; from < slugs.length; from += atOnce) {
      const some = slugs.slice(from, from + atOnce)
      try {
        await this.#parts.archive.delete(some.map((slug) => artifactKey(this.#parts.tenant, slug)))
        for (const slug of some) this.#note(slug)
      } catch (error) {
        this.#parts.failed(error)
      }
    }
  }

  #note(slug: string): void {
    const { artifacts } = this.#parts.store
    const artifact = artifacts.get(slug)
    if (artifact?.state !== 'erasing') return
    // A reservation that never became an artifact needs no row that answers `gone`.
    if (artifact.sha256 === '') artifacts.forget(artifact.id)
    else artifacts.update({ ...artifact, state: 'erased', next_at: this.#parts.now() + limits.artifact_gone_ms })
  }
}
