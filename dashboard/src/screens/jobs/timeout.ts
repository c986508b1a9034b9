/** Responsible for the timeout that is proposed for a job whose last attempt was ended by the one that it has. */
import { limits, type Job } from '@modelreins/contract'

/** Seconds: twice as long, within what the server takes; undefined where no timeout was in the way, or none is longer. */
export function longerTimeout({ error, kind, timeout }: Pick<Job, 'error' | 'kind' | 'timeout'>): number | undefined {
  const most = limits.timeout_max_ms / 1_000
  if (error?.type !== 'timeout' || kind === 'fan_out' || timeout >= most) return undefined
  return Math.min(most, timeout * 2)
}

/** A limit in the largest unit that spells it exactly: `20 min`, `90 s`. */
export function limitWords(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}
