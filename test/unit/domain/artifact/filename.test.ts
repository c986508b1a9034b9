/** Says what is left of a file's name: something to show and to save under that misleads nobody. */
import { byteLength } from '@modelreins/contract'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeFilename } from '../../../../src/domain/artifact/filename.ts'

test('a name keeps its letters, in every script', () => {
  for (const name of ['report.pdf', 'naïve résumé.txt', '文書.md', 'דוח.csv', '🦊 👩‍💻.png', '.gitignore', 'a.tar.gz'])
    expect(safeFilename(name)).toBe(name)
})

test('a path is cut to its last part', () => {
  expect(safeFilename('../../etc/passwd')).toBe('passwd')
  expect(safeFilename('C:\\Users\\me\\notes.txt')).toBe('notes.txt')
  expect(safeFilename('a/b\\..\\c.txt')).toBe('c.txt')
})

test('what could end a header, hide or turn the text is taken out', () => {
  expect(safeFilename('a\r\nSet-Cookie: x=1.txt')).toBe('aSet-Cookie_ x=1.txt')
  expect(safeFilename('nul\0byte.txt')).toBe('nulbyte.txt')
  expect(safeFilename('invoice\u202Egnp.exe')).toBe('invoicegnp.exe')
  expect(safeFilename('zero\u200Bwidth\uFEFF.txt')).toBe('zerowidth.txt')
  expect(safeFilename('a "quoted" <b>|c?.txt')).toBe('a _quoted_ _b__c_.txt')
})

test('a name that means something to a file system means it no more', () => {
  for (const name of ['', '.', '..', '...', '   ', '/', 'a/', '\u202e']) expect(safeFilename(name)).toBe('artifact')
  expect(safeFilename('CON')).toBe('_CON')
  expect(safeFilename('nul.txt')).toBe('_nul.txt')
  expect(safeFilename('trailing. . ')).toBe('trailing')
})

test('a long name is cut before its ending, between characters', () => {
  expect(safeFilename(`${'x'.repeat(400)}.tar.gz`)).toBe(`${'x'.repeat(252)}.gz`)
  const long = safeFilename(`${'🦊'.repeat(100)}.png`)
  expect(byteLength(long)).toBeLessThanOrEqual(255)
  expect(long).toMatch(/^🦊+\.png$/u)
})

test('whatever goes in, what comes out is short, printable and stays the same when it is made safe again', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
      const safe = safeFilename(name)
      expect(byteLength(safe)).toBeLessThanOrEqual(255)
      expect(safe).not.toMatch(/[\p{Cc}\p{Cs}/\\"\u202a-\u202e]/u)
      expect(safe).not.toBe('')
      expect(safeFilename(safe)).toBe(safe)
    }),
  )
})
