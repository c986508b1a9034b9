/**
 * Responsible for converting a provider's failure into an outcome: a stop is reported by its reason, any other failure by its own error. It
 * classifies nothing.
 */
import { limits } from '@modelreins/contract'
import type { ProviderOutcome } from './provider.ts'

/** Exit code of a run that was stopped from outside, the one that shells use for an interrupt. */
export const stoppedExitCode = 130

/** Why a signal was aborted, as an error. Classification reads its message, for example to recognise a timeout. */
export const stopReason = (signal: AbortSignal): Error => {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error(typeof reason === 'string' ? reason : 'stopped')
}

/** Milliseconds from TERM to KILL for processes that this signal stops: short for an urgent stop, which is marked in the reason. */
export const killGraceMs = (signal: AbortSignal): number => {
  const reason: unknown = signal.reason
  const urgent = reason instanceof Error && 'urgent' in reason && reason.urgent === true
  return urgent ? limits.kill_grace_urgent_ms : limits.kill_grace_ms
}

export const failedOutcome = (error: unknown, signal: AbortSignal): ProviderOutcome => {
  if (signal.aborted) return { exitCode: stoppedExitCode, error: stopReason(signal) }
  return { exitCode: 1, error: error instanceof Error ? error : new Error(String(error)) }
}
