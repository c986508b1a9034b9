/** Responsible for shortening a result to its end, with one notice about everything that was cut. */
import { byteLength } from '@modelreins/contract'
import { cutNotice } from '../../providers/tail.ts'
import { lastBytes } from '../delivery/output-buffer.ts'

const noticePattern = /^\[the first (\d+) bytes are only in the output; a result holds \d+ bytes\]\n/

/** The text, or its end in `maxBytes` with the notice. A text that already has a notice is cut further, with a single notice. */
export function endOf(text: string, maxBytes: number): string {
  const earlier = noticePattern.exec(text)
  const whole = earlier === null ? text : text.slice(earlier[0].length)
  const before = Number(earlier?.[1] ?? 0)
  const bytes = byteLength(whole)
  if (before === 0 && bytes <= maxBytes) return whole
  // Reserves room for the notice: the final number has at most as many digits as the total size.
  const kept = lastBytes(whole, Math.max(0, maxBytes - byteLength(cutNotice(before + bytes))))
  return cutNotice(before + bytes - byteLength(kept)) + kept
}
