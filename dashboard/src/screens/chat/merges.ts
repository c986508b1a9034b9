/** Responsible for the ways to combine several answers into one, in words. */
import type { MergeKind } from '@modelreins/contract'

/** In the order in which they are offered. */
export const merges: readonly { readonly value: MergeKind; readonly name: string; readonly says: string }[] = [
  { value: 'worker', name: 'One answer', says: 'a worker writes it from all' },
  { value: 'concat', name: 'One after the other', says: 'each under its name' },
  { value: 'vote', name: 'Vote', says: 'the most frequent answer' },
  { value: 'first', name: 'First', says: 'the first good answer, the others are aborted' },
  { value: 'none', name: 'None', says: 'no merged answer' },
]
