/** Responsible for the end of a result in fewer bytes, with one notice in front of what is missing in all. */
import { byteLength } from '@modelreins/contract'
import { cutNotice } from '../../providers/tail.ts'
import { lastBytes } from '../delivery/output-buffer.ts'

const noticePattern = /^\[the first (\d+) bytes are only in the output; a result holds \d+ bytes\]\n/

/** The text, or its end in `maxBytes` with the notice. One that was cut already is cut further and says so once. */
export function endOf(text: string, maxBytes: number): string {
  const earlier = noticePattern.exec(text)
  const whole = earlier === null ? text : text.slice(earlier[0].length)
  const before = Number(earlier?.[1] ?? 0)
  const bytes = byteLength(whole)
  if (before === 0 && bytes <= maxBytes) return whole
  // The number has at most as many digits as that of everything there ever was.
  const kept = lastBytes(whole, Math.max(0, maxBytes - byteLength(cutNotice(before + bytes))))
  return cutNotice(before + bytes - byteLength(kept)) + kept
}
