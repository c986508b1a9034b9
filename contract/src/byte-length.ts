/** Responsible for counting the bytes of a text, the same in every runtime: limits count bytes, not characters. */

/** Bytes of UTF-8 that a text takes on the wire and in storage; a lone surrogate counts as its replacement character. */
export function byteLength(text: string): number {
  let bytes = 0
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4
  }
  return bytes
}
