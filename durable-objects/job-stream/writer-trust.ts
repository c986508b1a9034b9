/**
 * Responsible for caching the right of a writer: the tenant object is asked before the first word that this object hears of an attempt,
 * and again after a while or when a right has ended. Chatty output costs it one question in half a minute.
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
  /** Counts the ends of rights: an answer that was asked for before one of them is worth nothing. */
  #epoch = 0

  /** Whoever writes is asked about before its next chunk. */
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
