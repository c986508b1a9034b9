/** Responsible for the title of a thread that nobody has named: the first line of its first prompt, safe to show as it is. */
import { limits, onlySeen } from '@modelreins/contract'

/** Lines looked at for one with something to read: prompts are large. */
const looksAt = 4_096

/** The first line that has something to see, without what cannot be seen; empty when there is none. */
const firstLine = (text: string): string =>
  text
    .slice(0, looksAt)
    .split(/[\n\r\u2028\u2029]/)
    .map(onlySeen)
    .find((line) => line !== '') ?? ''

/** At most so many UTF-16 units, never half a character. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text
  let kept = ''
  for (const character of text) {
    if (kept.length + character.length > most - 1) break
    kept += character
  }
  return `${kept.trimEnd()}…`
}

/** `thread_id` stands in for a prompt of which nothing can be seen. */
export const titleOf = (prompt: string, thread_id: string): string =>
  cut([prompt, thread_id].map(firstLine).find((line) => line !== '') ?? 'Untitled', limits.name_chars)
