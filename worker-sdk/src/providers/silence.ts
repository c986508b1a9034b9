/** Responsible for how long each kind of provider may be silent before a job counts as stuck; it measures nothing. */
import type { SilenceLimits } from './provider.ts'

const minute = 60_000

/** An agent can run builds and tests for ten minutes without any output. */
export const agentSilence: SilenceLimits = { first: 15 * minute, next: 15 * minute }
/** A server may take long to read a large prompt on a small machine; after that it streams continuously. */
export const streamSilence: SilenceLimits = { first: 10 * minute, next: 2 * minute }
