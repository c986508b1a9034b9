/** Secrets never leave the machine: in no spelling, and at no cut of a stream. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Redactor } from '../../../../../worker-sdk/src/worker/delivery/redactor.ts'

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
