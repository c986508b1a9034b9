/** Responsible for reading a Range header (RFC 9110, section 14) against a known size. */

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/**
 * The requested range; `whole` without a header, and for headers that RFC 9110 lets a server ignore (other units, several ranges, invalid
 * syntax); `unsatisfiable` when the range lies outside of the content.
 */
export function parseRange(header: string | null, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})$/i.exec(header?.trim() ?? '')
  const [, first = '', last = ''] = match ?? []
  if (match === null || (first === '' && last === '')) return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { offset: size - length, length }
  }
  const offset = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < offset) return 'whole'
  return offset >= size ? 'unsatisfiable' : { offset, length: end - offset + 1 }
}

/** True when a header of entity tags (`If-None-Match`) contains this one, by weak comparison. */
export const namesTag = (header: string | null, tag: string): boolean =>
  header !== null && (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag))
