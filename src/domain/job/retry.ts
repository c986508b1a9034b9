/** Responsible for how long to wait before the next attempt. */
import { limits, limitWaitsMs } from '@modelreins/contract'

/** Full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"). Answers milliseconds; `random` in [0, 1), `attempt` counts from 1. */
export function retryDelay(attempt: number, random: number): number {
  const ceiling = Math.min(limits.retry_cap_ms, limits.retry_base_ms * 2 ** (attempt - 1))
  return Math.max(1, Math.floor(random * ceiling))
}

/** Every wait for a limit is at least this part of its step, so that a limit of hours is not tried again within seconds. */
const leastOfStep = 0.1

/** Milliseconds to wait for a limit without a known reset time; `before`: number of earlier waits for it. */
export function limitDelay(before: number, random: number): number {
  const step = limitWaitsMs[Math.min(before, limitWaitsMs.length - 1)] ?? limits.retry_cap_ms
  return Math.max(1, Math.floor(Math.max(leastOfStep, random) * step))
}

/** The known reset time plus a random delay. */
export const toldTime = (told: number, random: number): number => told + Math.floor(random * limits.retry_jitter_ms)
