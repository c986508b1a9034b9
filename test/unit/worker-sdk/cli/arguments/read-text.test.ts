/** Text from files and standard input arrives without its byte order mark, in the encoding that the mark names. */
import { describe, expect, it } from 'vitest'
import { textOf } from '../../../../../worker-sdk/src/cli/arguments/read-text.ts'

const utf16 = (text: string, big: boolean): Uint8Array => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le')
  return big ? bytes.swap16() : bytes
}

describe('text from elsewhere', () => {
  it.each([
    ['UTF-8', new TextEncoder().encode('Grüße, 你好')],
    ['UTF-8 with a mark', new TextEncoder().encode('\uFEFFGrüße, 你好')],
    ['UTF-16, as PowerShell writes it', utf16('Grüße, 你好', false)],
    ['UTF-16, big end first', utf16('Grüße, 你好', true)],
  ])('in %s is the same text', (_name, bytes) => {
    expect(textOf(bytes)).toBe('Grüße, 你好')
  })

  it('may be empty', () => {
    expect(textOf(new Uint8Array())).toBe('')
  })
})
