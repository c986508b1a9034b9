/** Text from elsewhere, as a person is shown it: nothing is lost, nothing unseen is left, for any text there is. */
import { fromShown, shown, shownJson, shownLines, shownToAnybody, shownValue, withoutUnseen } from '@modelreins/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cpuTimeOf } from '../../support/cpu-time.ts'

/** Every UTF-16 unit there is, lone surrogates among them, and what attackers use more often than chance would. */
const corpus = [
  ...Array.from({ length: 0x21 }, (_, at) => String.fromCodePoint(at)),
  ...Array.from({ length: 0x22 }, (_, at) => String.fromCodePoint(0x7f + at)),
  ...[0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180e, 0x2000, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e],
  ...[
    0x2060, 0x2063, 0x2066, 0x2069, 0x2800, 0x3000, 0x3164, 0xd800, 0xdfff, 0xe000, 0xfe00, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xfffc, 0xffff,
  ],
  ...[0x1d159, 0x1d173, 0x16fe4, 0xe0001, 0xe0020, 0xe0041, 0xe007f, 0xe0100, 0xe01ef, 0xf0000, 0x10ffff],
].map((one) => (typeof one === 'string' ? one : String.fromCodePoint(one)))

const piece = fc.oneof(
  fc.constantFrom(...corpus, '<U+202E>', '<U+', '<', 'U+0041>', '\u009d52;c;\u009c', '\u001b]0;t\u0007', '\r\n', '\\u202e'),
  fc.string({ unit: 'binary' }),
  fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
)
const anyText = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

/** Printed ASCII, visible marks, digits and letters of any script. */
const unseen = /[^\P{C}\n\t]|(?! )[\p{Z}]|\p{Default_Ignorable_Code_Point}/u

describe('text that is shown', () => {
  test('can be turned back into what it was, whatever it was', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(fromShown(shown(text))).toBe(text)
        expect(fromShown(shownLines(text))).toBe(text)
      }),
      { numRuns: 1_000 },
    )
  })

  test('has nothing in it that cannot be seen, and what went into a payload comes out of it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(anyText, fc.oneof(anyText, fc.array(anyText), fc.double({ noNaN: true, noDefaultInfinity: true }))),
        (payload) => {
          const text = shownValue(payload)
          expect(text).not.toMatch(unseen)
          expect(JSON.parse(fromShown(text))).toEqual(JSON.parse(JSON.stringify(payload)))
          const json = shownJson(payload)
          expect(json).not.toMatch(unseen)
          expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(payload)))
        },
      ),
      { numRuns: 400 },
    )
  })

  test.each(corpus.filter((one) => one !== ' ').map((one) => [one.codePointAt(0)?.toString(16) ?? '', one]))(
    'spells U+%s',
    (point, character) => {
      expect(shown(`a${character}b`)).toBe(`a<U+${point.toUpperCase().padStart(4, '0')}>b`)
    },
  )

  test('leaves letters of every script, marks, digits and signs alone', () => {
    const plain = 'Zoë 日本語 العربية हिन्दी 한국어 ½ № €5 — “quoted” 👍 e\u0301 <b> <U+> a+b'
    expect(shown(plain)).toBe(plain)
  })

  test('that was shown already stays as it is under the last net', () => {
    fc.assert(fc.property(anyText, (text) => withoutUnseen(shownLines(text)) === shownLines(text)))
  })

  test('gives a chat or a page that shows it as it is nothing to make a link, a mention or a tag of', () => {
    const text = shownToAnybody('<!channel> <https://evil.example|good> </b> \u202e')
    expect(text).toBe('‹!channel› ‹https://evil.example|good› ‹/b› ‹U+202E›')
  })

  test('keeps its line ends and tabs where it has lines', () => {
    expect([shown('a\n\tb'), shownLines('a\n\tb')]).toEqual(['a<U+000A><U+0009>b', 'a\n\tb'])
  })

  test('takes time in proportion to its length', () => {
    const text = '<U+'.repeat(200_000) + '\u200b'.repeat(200_000)
    expect(cpuTimeOf(() => void shownLines(text))).toBeLessThan(3_000)
  })
})
