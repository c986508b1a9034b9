/** Says that text which others wrote changes nothing of what stands beside it. */
import { describe, expect, test } from 'vitest'
import { oneLine, spelledOut } from '../../../dashboard/src/parts/safe-text.ts'

describe('text of others', () => {
  test('shows marks that turn or hide text instead of obeying them', () => {
    expect(spelledOut('invoice\u202egnp.exe')).toBe('invoice⟨U+202E⟩gnp.exe')
    expect(spelledOut('a\u200bb\u2066c\u0007d')).toBe('a⟨U+200B⟩b⟨U+2066⟩c⟨U+0007⟩d')
    expect(spelledOut('two\nlines\tand a tab')).toBe('two\nlines\tand a tab')
  })

  test('keeps the joiners that languages and emoji are spelled with', () => {
    expect(spelledOut('می\u200cخواهم 👩\u200d💻')).toBe('می\u200cخواهم 👩\u200d💻')
  })

  test('is one line of bounded length in a list', () => {
    expect(oneLine('a\nb\r\n  c\u202e')).toBe('a b c')
    expect(oneLine('x'.repeat(1_000_000))).toHaveLength(241)
  })
})
