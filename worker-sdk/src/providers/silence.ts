/** Responsible for how long providers of each kind may say nothing before a job counts as stuck; it measures nothing. */
import type { SilenceLimits } from './provider.ts'

const minute = 60_000

/** An agent runs builds and tests, for ten minutes at a time and without a word. */
export const agentSilence: SilenceLimits = { first: 15 * minute, next: 15 * minute }
/** A server reads a large prompt on a small machine, and then speaks without a pause. */
export const streamSilence: SilenceLimits = { first: 10 * minute, next: 2 * minute }
