/** Responsible for the longer timeout that is proposed when the last attempt of a job was ended by its timeout. */
import { limits, type Job } from '@modelreins/contract'

/** Seconds: twice the current timeout, up to the server's maximum; undefined when the timeout was not the cause, or is the maximum already. */
export function longerTimeout({ error, kind, timeout }: Pick<Job, 'error' | 'kind' | 'timeout'>): number | undefined {
  const most = limits.timeout_max_ms / 1_000
  if (error?.type !== 'timeout' || kind === 'fan_out' || timeout >= most) return undefined
  return Math.min(most, timeout * 2)
}

/** A duration in the largest unit that expresses it exactly: `20 min`, `90 s`. */
export function limitWords(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}
