/** Responsible for the end of a result that is longer than a result may be, with a note of what is missing. It knows no provider. */
import { byteLength, limits } from '@modelreins/contract'
import { lastBytes } from '../delivery/output-buffer.ts'

const noteOf = (characters: number): string =>
  `[the first ${characters} characters are only in the output; a result holds ${limits.result_bytes} bytes]\n`
const notePattern = /^\[the first (\d+) characters are only in the output; a result holds \d+ bytes\]\n/

/**
 * The text, or its end in `maxBytes` with the note in front. `missing`: characters that were left out before. One that was cut already is
 * cut further and says so once.
 */
export function endOf(text: string, maxBytes: number = limits.result_bytes, missing = 0): string {
  const earlier = notePattern.exec(text)
  const whole = earlier === null ? text : text.slice(earlier[0].length)
  const before = missing + Number(earlier?.[1] ?? 0)
  if (before === 0 && byteLength(whole) <= maxBytes) return whole
  // The number has at most as many digits as that of everything there ever was.
  const kept = lastBytes(whole, Math.max(0, maxBytes - byteLength(noteOf(before + whole.length))))
  const left = before + whole.length - kept.length
  return left === 0 ? kept : noteOf(left) + kept
}
