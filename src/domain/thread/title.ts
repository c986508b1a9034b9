/** Responsible for the title of a thread without a chosen one: the first line of its first prompt, safe to display. */
import { limits, onlySeen } from '@modelreins/contract'

/** How many characters of the prompt are searched for a visible line, since prompts can be large. */
const looksAt = 4_096

/** The first line with visible characters, without invisible ones; empty when there is none. */
const firstLine = (text: string): string =>
  text
    .slice(0, looksAt)
    .split(/[\n\r\u2028\u2029]/)
    .map(onlySeen)
    .find((line) => line !== '') ?? ''

/** At most this many UTF-16 units, without splitting a character. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text
  let kept = ''
  for (const character of text) {
    if (kept.length + character.length > most - 1) break
    kept += character
  }
  return `${kept.trimEnd()}…`
}

/** `thread_id` is used when the prompt has no visible characters. */
export const titleOf = (prompt: string, thread_id: string): string =>
  cut([prompt, thread_id].map(firstLine).find((line) => line !== '') ?? 'Untitled', limits.name_chars)
