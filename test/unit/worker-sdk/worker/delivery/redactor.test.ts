/** Secrets never leave the machine: in no spelling, and at no cut of a stream. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Redactor } from '../../../../../worker-sdk/src/worker/delivery/redactor.ts'
import { cpuTimeOf } from '../../../../support/cpu-time.ts'

const redactorOf = (...secrets: string[]): Redactor => {
  const redactor = new Redactor()
  for (const secret of secrets) redactor.add(secret)
  return redactor
}

/** The text through a stream, in the given pieces. */
function streamed(redactor: Redactor, pieces: readonly string[]): string {
  const stream = redactor.stream()
  return pieces.map((piece) => stream.push(piece)).join('') + stream.end()
}

describe('every spelling of a secret', () => {
  const secret = 'p@ss/wörd "42"\\?&='
  const redactor = redactorOf(secret)
  const bytes = Buffer.from(secret)
  it.each([
    ['plain', secret],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ['hex', bytes.toString('hex')],
    ['URL', encodeURIComponent(secret)],
    ['URL in lower case', encodeURIComponent(secret).replaceAll(/%../g, (escape) => escape.toLowerCase())],
    ['form', new URLSearchParams({ secret }).toString().slice('secret='.length)],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ['ASCII JSON', JSON.stringify(secret).slice(1, -1).replace('ö', '\\u00f6')],
  ])('%s', (_, spelling) => {
    expect(redactor.redact(`before ${spelling} after`)).toBe('before [redacted] after')
  })

  it.each([0, 1, 2, 3, 4])('base64 of a text that has it after %i other bytes', (offset) => {
    const text = Buffer.from(`${'x'.repeat(offset)}${secret}tail`).toString('base64')
    const core = bytes.toString('base64').slice(4, 12)
    const left = redactor.redact(text)
    expect(left).toContain('[redacted]')
    expect(left).not.toContain(core)
    // All that may remain are the few characters at both ends that also spell a neighbour's bits.
    expect(left.replace('[redacted]', '').length).toBeLessThanOrEqual(text.length - Math.floor((bytes.length * 8) / 6) + 3)
  })

  it('lines of a key that has many', () => {
    const pem = ['-----BEGIN KEY-----', 'MIIEvQIBADANBgkqhkiG9w0B', 'AQEFAASCBKcwggSjAgEAAoIB', '-----END KEY-----'].join('\n')
    expect(redactorOf(pem).redact('line: AQEFAASCBKcwggSjAgEAAoIB.')).toBe('line: [redacted].')
  })
})

describe('a secret that is broken up', () => {
  const secret = `sk-ant-api03-${'A1b2C3d4E5f6G7h8I9j0'.repeat(5)}`
  const redactor = redactorOf(secret)
  const bytes = Buffer.from(secret)
  const folded = (text: string, width: number, joint = '\n'): string => text.match(new RegExp(`.{1,${width}}`, 'g'))?.join(joint) ?? ''
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const spelled: readonly (readonly [string, string])[] = [
    ['base64 as it wraps', folded(bytes.toString('base64'), 76)],
    ['base64 as openssl wraps it, on Windows', folded(bytes.toString('base64'), 64, '\r\n')],
    ['base64 in indented YAML', folded(bytes.toString('base64'), 40, '\n    ')],
    ['base64 in a JSON text', folded(bytes.toString('base64'), 76, String.raw`\n`)],
    ['hex as xxd wraps it', folded(bytes.toString('hex'), 60)],
    ...[1, 2, 3, 4, 5, 7, 16, 40].map((width) => [`folded at ${width}`, folded(secret, width)] as const),
    ['with colours inside', [...secret].join('\u001B[31m')],
    ['with a title inside', `${secret.slice(0, 30)}\u001B]0;x\u0007${secret.slice(30)}`],
    ['with marks inside that nobody sees', [...secret].join('\u200B')],
    ['all of it in percent', percent],
    ['all of it in percent, in capitals', percent.toUpperCase()],
    ['some of it in percent', secret.replaceAll('-', '%2d')],
    ['as JSON escapes', [...secret].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')],
    ['as C escapes', [...bytes].map((byte) => `\\x${byte.toString(16)}`).join('')],
    ['as HTML', [...bytes].map((byte) => `&#${byte};`).join('')],
    ['as HTML in hexadecimal', [...bytes].map((byte) => `&#x${byte.toString(16)};`).join('')],
  ]

  it.each(spelled)('%s', (_, text) => {
    expect(redactor.redact(`before ${text} after`)).toBe('before [redacted] after')
  })

  it.each(spelled)('%s, in pieces of any size', (_, text) => {
    const whole = `before ${text} after`
    for (const size of [1, 2, 3, 5, 8, 13, 50]) {
      const left = streamed(redactor, whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [])
      // So few characters before a line's end are passed on, and no more.
      const kept = left.replace('before ', '').replace(' after', '').replace('[redacted]', '')
      expect(kept.replaceAll(/[\r\n ]|\\n/g, '').length, left).toBeLessThanOrEqual(3)
    }
  })

  it('is found by what is left of it when its first characters ended a line', () => {
    const left = streamed(redactor, [`key=${secret.slice(0, 2)}\n`, `${secret.slice(2)}\n`])
    expect(left).toBe(`key=${secret.slice(0, 2)}\n[redacted]\n`)
  })

  it('does not hold back the end of a line for the sake of a letter', () => {
    const stream = redactor.stream()
    expect(stream.push('keys\n')).toBe('keys\n')
    expect(stream.push('100%\n')).toBe('100%\n')
  })

  it('is hidden in values, names and lists of a JSON value, and everything else stays', () => {
    const value = { [secret]: [secret, 1, null, { a: `x ${secret}` }], when: new Date(0) }
    expect(redactor.redactValue(value)).toEqual({ '[redacted]': ['[redacted]', 1, null, { a: 'x [redacted]' }], when: new Date(0) })
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    expect(() => redactor.redactValue(circle)).not.toThrow()
  })

  it('passes a large text in little time', () => {
    const line = `${'some output with 100% of what jobs say \\ & more'.repeat(2)}\n`
    const text = line.repeat(20_000)
    expect(cpuTimeOf(() => expect(streamed(redactor, text.match(/[^]{1,65536}/g) ?? [])).toBe(text))).toBeLessThan(5_000)
  })
})

it('finds a secret at every split of the text', () => {
  const redactor = redactorOf('mrw_acme_0123456789')
  const text = 'token=mrw_acme_0123456789; again bXJ3X2FjbWVfMDEyMzQ1Njc4OQ== and mrw_acme_012345678X'
  const whole = redactor.redact(text)
  expect(whole).toBe('token=[redacted]; again [redacted] and mrw_acme_012345678X')
  for (let first = 0; first <= text.length; first += 1) {
    for (let second = first; second <= text.length; second += 1) {
      expect(streamed(redactor, [text.slice(0, first), text.slice(first, second), text.slice(second)])).toBe(whole)
    }
  }
})

it('covers secrets that overlap, contain or begin each other', () => {
  expect(redactorOf('abcdefgh', 'efghijkl').redact('x abcdefghijkl y')).toBe('x [redacted] y')
  expect(redactorOf('abcdef', 'abcdefghij').redact('abcdefghij abcdef')).toBe('[redacted] [redacted]')
  expect(redactorOf('aaaaaa').redact('baaaaaaaaaab')).toBe('b[redacted]b')
})

it('keeps nothing back that cannot become a secret', () => {
  const stream = redactorOf('secret-value').stream()
  expect(stream.push('hello sec')).toBe('hello ')
  expect(stream.push('ond')).toBe('second')
  expect(stream.end()).toBe('')
})

it('does not join two sources', () => {
  const redactor = redactorOf('secret-value')
  const out = redactor.stream()
  const err = redactor.stream()
  expect([out.push('secret-'), err.push('value'), out.end(), err.end()]).toEqual(['', 'value', 'secret-', ''])
})

it('takes no value that is too short to be a secret', () => {
  const redactor = new Redactor()
  expect(redactor.add('abc')).toBe(false)
  expect(redactor.add(undefined)).toBe(false)
  expect(redactor.redact('abc')).toBe('abc')
})

it('redacts a secret that is registered while a stream is open', () => {
  const redactor = redactorOf('first-secret')
  const stream = redactor.stream()
  expect(stream.push('one ')).toBe('one ')
  redactor.add('second-secret')
  expect(stream.push('second-secret.') + stream.end()).toBe('[redacted].')
})

it('lets no secret through, and loses nothing else, for any text in any pieces', () => {
  // A small alphabet makes overlaps and near misses common.
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 6, maxLength: 9 })
  const noise = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.'), maxLength: 12 })
  fc.assert(
    fc.property(
      fc.array(letters, { minLength: 1, maxLength: 3 }),
      fc.array(noise, { maxLength: 6 }),
      fc.array(fc.nat(60), { maxLength: 6 }),
      (secrets, between, cuts) => {
        const redactor = redactorOf(...secrets)
        const text = between.map((part, index) => part + (secrets[index % secrets.length] ?? '')).join('')
        const at = [...new Set([0, ...cuts.map((cut) => Math.min(cut, text.length)), text.length])].sort((left, right) => left - right)
        const pieces = at.slice(1).map((end, index) => text.slice(at[index], end))
        const left = streamed(redactor, pieces)
        for (const secret of secrets) expect(left).not.toContain(secret)
        expect(left).toBe(redactor.redact(text))
        // Unmarked, what is left is the text without the covered stretches, in order.
        expect(left.split('[redacted]').join('').length).toBeLessThanOrEqual(text.length)
        if (!secrets.some((secret) => text.includes(secret))) expect(left).toBe(text)
      },
    ),
    { numRuns: 500 },
  )
})
