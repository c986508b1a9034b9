/** Responsible for counting the bytes of a text in the same way in every runtime, because limits count bytes and not characters. */

/** Bytes of UTF-8 that a text takes on the wire and in storage; a lone surrogate counts as its replacement character. */
export function byteLength(text: string): number {
  let bytes = 0
  // A loop over UTF-16 units: an iterator over characters is several times slower, and results have millions of characters.
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      bytes += 4
      at += 1
    } else bytes += 3
  }
  return bytes
}
