/** Responsible for the choices of a dispatch in words: effort, mode, and what happens when no worker is available. */
import type { Effort, Mode } from '@modelreins/contract'

/** The levels of effort. The number of attempts is a setting of the tenant. */
export const effortStops: readonly { readonly value: Effort; readonly says: string; readonly attempts: number; readonly first?: true }[] = [
  { value: 'trivial', says: 'the smallest local model', attempts: 1 },
  { value: 'quick', says: 'a small hosted model', attempts: 2 },
  { value: 'standard', says: 'a balanced model', attempts: 3 },
  { value: 'deep', says: 'a large model', attempts: 4 },
  { value: 'critical', says: 'the best model there is', attempts: 4, first: true },
]

/** For example `a balanced model, 3 attempts`. `set`: the tenant's own numbers of attempts. */
export function stopWords(effort: string, set?: { readonly [Name in Effort]?: number | undefined }): string {
  const stop = effortStops.find((one) => one.value === effort)
  if (stop === undefined) return ''
  const attempts = set?.[stop.value] ?? stop.attempts
  return `${stop.says}, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${stop.first === true ? ', ahead of the queue' : ''}`
}

export const modes: readonly { readonly value: Mode; readonly name: string; readonly says: string }[] = [
  { value: 'auto', name: 'Auto', says: 'local or hosted models' },
  { value: 'local', name: 'Local', says: 'models on your own machines' },
  { value: 'cloud', name: 'Cloud', says: 'hosted models' },
]

export const offlineWays = [
  { value: 'now', name: 'Refuse', says: 'the job is not accepted' },
  { value: 'queue', name: 'Queue', says: 'it waits for a worker' },
] as const
