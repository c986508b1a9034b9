/**
 * Responsible for how a provider's failure becomes an outcome: a stop is told by its reason, anything else by its own error. It classifies
 * nothing.
 */
import { limits } from '@modelreins/contract'
import type { ProviderOutcome } from './provider.ts'

/** Exit code of a run that was stopped from outside, as shells count an interrupt. */
export const stoppedExitCode = 130

/** Why a signal was aborted, as an error: classification reads its message (a timeout is told by it). */
export const stopReason = (signal: AbortSignal): Error => {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error(typeof reason === 'string' ? reason : 'stopped')
}

/** Milliseconds from TERM to KILL for what this signal stops: little when somebody pulled the reins, and said so in the reason. */
export const killGraceMs = (signal: AbortSignal): number => {
  const reason: unknown = signal.reason
  const urgent = reason instanceof Error && 'urgent' in reason && reason.urgent === true
  return urgent ? limits.kill_grace_urgent_ms : limits.kill_grace_ms
}

export const failedOutcome = (error: unknown, signal: AbortSignal): ProviderOutcome => {
  if (signal.aborted) return { exitCode: stoppedExitCode, error: stopReason(signal) }
  return { exitCode: 1, error: error instanceof Error ? error : new Error(String(error)) }
}
