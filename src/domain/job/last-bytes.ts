/** Responsible for the end of a text in at most a given number of bytes of UTF-8, cut between characters. */

/** The UTF-8 bytes and UTF-16 units of the character that ends before `end`. A lone surrogate becomes U+FFFD: three bytes. */
function lastCharacter(text: string, end: number): { readonly bytes: number; readonly units: number } {
  const unit = text.charCodeAt(end - 1)
  if (unit < 0x80) return { bytes: 1, units: 1 }
  if (unit < 0x800) return { bytes: 2, units: 1 }
  const before = end > 1 ? text.charCodeAt(end - 2) : 0
  const pair = unit >= 0xdc00 && unit <= 0xdfff && before >= 0xd800 && before <= 0xdbff
  return pair ? { bytes: 4, units: 2 } : { bytes: 3, units: 1 }
}

export function lastBytes(text: string, maxBytes: number): string {
  let start = text.length
  for (let left = maxBytes; start > 0;) {
    const { bytes, units } = lastCharacter(text, start)
    left -= bytes
    if (left < 0) break
    start -= units
  }
  return text.slice(start)
}
