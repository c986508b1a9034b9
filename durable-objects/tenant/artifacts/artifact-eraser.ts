/**
 * Responsible for taking the bytes of artifacts out of R2 once they are no longer readable, and for noting that it has. When R2 does not
 * answer, the row's own time brings it here again.
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

/** Keys that R2 deletes in one call. */
const atOnce = 1_000

export class ArtifactEraser {
  readonly #parts: EraserParts

  constructor(parts: EraserParts) {
    this.#parts = parts
  }

  /** Erases, without anybody waiting. */
  tend(slugs: readonly string[]): void {
    if (slugs.length > 0) this.#parts.waitUntil(this.erase(slugs))
  }

  /** Never throws. */
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
    // What was never there needs no word about where it has gone.
    if (artifact.sha256 === '') artifacts.forget(artifact.id)
    else artifacts.update({ ...artifact, state: 'erased', next_at: this.#parts.now() + limits.artifact_gone_ms })
  }
}
