/** Responsible for how long to wait before the next attempt. */
import { limits } from '@modelreins/contract'

/** Full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"): milliseconds; `random` in [0, 1), `attempt` counts from 1. */
export function retryDelay(attempt: number, random: number): number {
  const ceiling = Math.min(limits.retry_cap_ms, limits.retry_base_ms * 2 ** (attempt - 1))
  return Math.max(1, Math.floor(random * ceiling))
}
