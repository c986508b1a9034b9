import { describe, expect, test } from 'vitest'
import { controlPlane, nextSteps, outputMargin, shortPath } from '../../../../tools/start/presentation.ts'

const shown = (...pieces: string[]): string => {
  let text = ''
  const margin = outputMargin((piece) => (text += piece))
  for (const [seq, piece] of pieces.entries())
    margin.event({ event: 'output', id: seq, data: { seq, attempt: 1, stream: 'stdout', text: piece } })
  margin.event({ event: 'end', data: { status: 'done', result: null, error: null } })
  return text
}

describe('output as it streams', () => {
  test('has a margin on every line, wherever the pieces end', () => {
    expect(shown('one\ntw', 'o\n\nth', 'ree')).toBe('  | one\n  | two\n  | \n  | three\n')
  })

  test('adds no line to output that ends with one', () => {
    expect(shown('one\n')).toBe('  | one\n')
  })

  test('says what is missing', () => {
    let text = ''
    const margin = outputMargin((piece) => (text += piece))
    margin.event({ event: 'gap', data: { from: 3, to: 9 } })
    expect(text).toContain('output 3 to 9')
  })
})

describe('what is shown', () => {
  test('warns when more than this machine can reach it', () => {
    const place = { url: 'http://127.0.0.1:1', tenant: 'local', state: '.modelreins' }
    expect(controlPlane({ ...place, host: '127.0.0.1' })).not.toContain('TLS')
    expect(controlPlane({ ...place, host: '0.0.0.0' })).toContain('TLS')
  })

  test('puts no key into a command line', () => {
    expect(nextSteps('http://127.0.0.1:1', "/tmp/it's here/authorization", 3)).toContain(String.raw`-H @'/tmp/it'\''s here/authorization'`)
  })

  test('paths are as short as they can be typed', () => {
    expect(shortPath('/a/b/c', '/a/b')).toBe('c')
    expect(shortPath('/x/y', '/a/b')).toBe('/x/y')
    expect(shortPath('/a/b', '/a/b')).toBe('.')
  })
})
