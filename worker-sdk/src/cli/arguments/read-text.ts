/** Responsible for decoding text from a file or standard input, in the encoding that its byte order mark names. */
import { readFileSync } from 'node:fs'

/** UTF-8 unless a byte order mark says UTF-16, which PowerShell writes. The mark is removed. */
export function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return new TextDecoder().decode(bytes)
}

export const readTextFile = (path: string): string => textOf(readFileSync(path))
