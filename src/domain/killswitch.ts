/** Responsible for what each killswitch level forbids. */
import type { KillswitchBrief } from '@modelreins/contract'
import { fail } from './result.ts'
import type { Result } from './result.ts'

export interface Killswitch {
  readonly level: number
  readonly reason: string | null
  /** Counts every change, so that an acknowledgement can name the change that it acknowledges. */
  readonly generation: number
  readonly raised_by: string | null
  readonly raised_at: number | null
  /** Jobs that ran when it was raised, at most a thousand. Their workers have not yet confirmed that the processes have ended. */
  readonly aborted?: readonly number[]
}

/** Maximum number of such jobs that are kept. */
export const abortedKept = 1_000

export const clearKillswitch: Killswitch = { level: 0, reason: null, generation: 0, raised_by: null, raised_at: null }

export const mayDispatch = (level: number): boolean => level < 1
export const mayClaim = (level: number): boolean => level < 2
/** From level 3 (stop) on, running jobs are aborted, no lease is renewed, and every worker counts as paused. */
export const stopsRunning = (level: number): boolean => level >= 3

const refuse = ({ level, reason }: Killswitch): Result<never> =>
  fail('killswitch', `The killswitch is at level ${level}${reason === null ? '' : `: ${reason}`}.`)

/** Why dispatches and retries are refused now; undefined when they are allowed. */
export const dispatchRefusal = (state: Killswitch): Result<never> | undefined => (mayDispatch(state.level) ? undefined : refuse(state))
/** Why claims and starts are refused now; undefined when they are allowed. */
export const claimRefusal = (state: Killswitch): Result<never> | undefined => (mayClaim(state.level) ? undefined : refuse(state))

export const briefOf = (state: Killswitch): KillswitchBrief => ({
  level: state.level,
  active: stopsRunning(state.level),
  reason: state.reason,
  generation: state.generation,
})
