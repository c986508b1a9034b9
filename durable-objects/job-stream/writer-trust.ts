/**
 * Responsible for caching a writer's right: it asks the tenant object before the first output of an attempt, and again after a time or when a
 * right has ended. Frequent output costs the tenant object one call per half minute.
 */
import { fail, ok, type Result } from '../../src/domain/result.ts'
import { streamTimings, type StreamClock } from './clock.ts'

export interface AttemptWriter {
  readonly job_id: number
  readonly attempt: number
  readonly nonce: string
}

export const writerOf = ({ job_id, attempt, nonce }: AttemptWriter): AttemptWriter => ({ job_id, attempt, nonce })

const unanswered = fail('unavailable', 'The tenant is temporarily unavailable.', { retry_after_ms: 1_000 })

export class WriterTrust {
  #known: { readonly attempt: number; readonly nonce: string; readonly at: number } | undefined
  /** Counts the calls of `end`: an answer to a question from before such a call is outdated. */
  #epoch = 0

  /** Clears the cache, so that the writer is checked again before its next chunk. */
  end(): void {
    this.#epoch += 1
    this.#known = undefined
  }

  async allows(writer: AttemptWriter, clock: StreamClock, ask: () => Promise<Result<null>>): Promise<Result<null>> {
    for (;;) {
      const known = this.#known
      const same = known?.attempt === writer.attempt && known.nonce === writer.nonce
      if (same && clock.now() - known.at < streamTimings.trust_ms) return ok(null)
      const epoch = this.#epoch
      let answer: Result<null>
      try {
        answer = await ask()
      } catch {
        return unanswered
      }
      if (epoch !== this.#epoch) continue
      if (answer.ok) this.#known = { attempt: writer.attempt, nonce: writer.nonce, at: clock.now() }
      return answer
    }
  }
}
