/** Responsible for a flag that names a moment: a time, or a duration from now. */
import type { CommandContext } from '../context.ts'
import { parseDuration } from '../output/time-words.ts'
import { UsageError } from './usage-error.ts'

/** The moment in the protocol's time format. A duration counts forward or back from now. */
export function momentOf(context: CommandContext, flag: string, direction: 'ahead' | 'ago'): string | undefined {
  const text = context.invocation.text(flag)
  if (text === undefined) return undefined
  const span = parseDuration(text)
  const at = span === undefined ? Date.parse(text) : context.now + (direction === 'ahead' ? span : -span)
  if (Number.isNaN(at)) throw new UsageError(`--${flag} takes a time such as 2030-01-31T08:00:00Z or 10m, not "${text}"`)
  return new Date(at).toISOString()
}
