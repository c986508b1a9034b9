/** Says what a thread is called before anybody has named it. */
import { label, limits } from '@modelreins/contract'
import { expect, test } from 'vitest'
import { titleOf } from '../../../../src/domain/thread/title.ts'

test.each([
  ['Draft the notes\nof release 42', 'Draft the notes'],
  ['\n \t\r\n  Draft\tthe   notes  \r\nmore', 'Draft the notes'],
  ['\u2028second line', 'second line'],
  ['a\u202Eb\u2066c\u200Bd\u0000e\u001Bf', 'abcdef'],
  ['\u200B\u2060\nvisible', 'visible'],
  ['x\u00A0y\u3000z', 'x y z'],
  ['lone \uD800 surrogate', 'lone surrogate'],
  ['\u2800\uFFFC', 'release-42'],
  ['   ', 'release-42'],
])('%j is called %j', (prompt, title) => {
  expect(titleOf(prompt, 'release-42')).toBe(title)
  expect(label.parse(title)).toBe(title)
})

test('a long line is cut between characters, and a thread of which nothing can be seen has a title, too', () => {
  const title = titleOf('🙂'.repeat(200), 't')
  expect(title.length).toBeLessThanOrEqual(limits.name_chars)
  expect(title).toMatch(/^(?:🙂)+…$/u)
  expect(titleOf('x'.repeat(limits.name_chars), 't')).toBe('x'.repeat(limits.name_chars))
  expect(titleOf(' ', '\u200B')).toBe('Untitled')
  expect(titleOf('\u200B'.repeat(1_000_000), 't')).toBe('t')
})
