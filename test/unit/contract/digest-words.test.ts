/** Says how a digest is spoken, that words lead back to it, and that the list never changes. */
import { createHash } from 'node:crypto'
import { digestStart, digestWords } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'

const every = Array.from({ length: 32 }, (_, row) =>
  digestWords(
    Array.from({ length: 8 }, (_, index) => (row * 8 + index).toString(16).padStart(2, '0'))
      .join('')
      .padEnd(64, '0'),
  ),
)
  .join(' ')
  .split(' ')

/** Whether one letter more, less or another makes one word of the other. */
function alike(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false
  const [short, long] = one.length <= other.length ? [one, other] : [other, one]
  const at = [...long].findIndex((letter, index) => letter !== short[index])
  return at === -1 || long.slice(at + 1) === short.slice(short.length === long.length ? at + 1 : at)
}

describe('a digest in words', () => {
  test('has a word for each of 256 bytes, plain, short, and like no other by one letter', () => {
    expect(new Set(every).size).toBe(256)
    expect(every.filter((word) => !/^[a-z]{4,8}$/.test(word))).toEqual([])
    expect(
      every.flatMap((one, index) => every.slice(index + 1).flatMap((other) => (alike(one, other) ? [`${one} ${other}`] : []))),
    ).toEqual([])
  })

  test('is the same in every version: the list is fixed', () => {
    expect(createHash('sha256').update(every.join(' ')).digest('hex')).toBe(
      '906406eab4fec6cb25cb8b5c36d3b6b1a1b1de34ce7cf8fd1ad82db1a8dec63d',
    )
  })

  test('leads back to the first sixteen digits, however it was written down', () => {
    const digest = createHash('sha256').update('payload').digest('hex')
    const words = digestWords(digest) ?? ''
    expect(words.split(' ')).toHaveLength(8)
    expect(digestStart(words)).toBe(digest.slice(0, 16))
    expect(digestStart(` ${words.toUpperCase().replaceAll(' ', ',\n')} `)).toBe(digest.slice(0, 16))
  })

  test('is of a digest, and nothing else', () => {
    for (const text of ['', 'abc', 'A'.repeat(64), 'g'.repeat(64)]) expect(digestWords(text)).toBeUndefined()
    for (const text of ['', 'acorn', 'acorn '.repeat(9), `${'acorn '.repeat(7)}unheard`]) expect(digestStart(text)).toBeUndefined()
  })
})
