/** The document is read by tools of other makers: two validators find nothing, and every pattern means something in every dialect. */
import { spawnSync } from 'node:child_process'
import { validate } from '@readme/openapi-parser'
import { Validator } from '@seriousme/openapi-schema-validator'
import { RE2JS } from 're2js'
import { describe, expect, it } from 'vitest'
import { openapiDocument } from '../../../../tools/openapi/document.ts'
import type { Json } from '../../../../tools/openapi/schemas.ts'

const document = openapiDocument({ version: '1.2.3' })
/** Through text, as a stranger gets it. */
const received = (): Record<string, unknown> => JSON.parse(JSON.stringify(document))

function* patternsIn(value: Json): Generator<string> {
  if (Array.isArray(value)) for (const item of value) yield* patternsIn(item)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'pattern' && typeof inner === 'string') yield inner
      else yield* patternsIn(inner)
    }
  }
}
const patterns = [...new Set(patternsIn(document))].toSorted()
const python = spawnSync('python3', ['--version']).status === 0

describe('two validators of other makers', () => {
  it('agree that it is OpenAPI: by its JSON schema', async () => {
    const verdict = await new Validator().validate(received())
    expect(verdict.errors ?? []).toEqual([])
    expect(verdict.valid).toBe(true)
  })

  it('agree that it is OpenAPI: by its references and rules', async () => {
    expect(await validate(received() as never)).toMatchObject({ valid: true })
  })
})

describe('patterns', () => {
  it('are there', () => expect(patterns.length).toBeGreaterThan(5))

  it.each(patterns)('%j is one in ECMAScript without flags, and with u', (pattern) => {
    expect(() => new RegExp(pattern)).not.toThrow()
    expect(() => new RegExp(pattern, 'u')).not.toThrow()
  })

  it.each(patterns)('%j is one in RE2', (pattern) => {
    expect(() => RE2JS.compile(pattern)).not.toThrow()
  })

  it.skipIf(!python)('are ones in Python', () => {
    const script = 'import json, re, sys\nfor p in json.load(sys.stdin): re.compile(p)'
    expect(spawnSync('python3', ['-c', script], { input: JSON.stringify(patterns), encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
  })

  it.skipIf(!python)('mean the same to all of them', () => {
    const samples = [
      'a',
      'a b',
      'a\u0000',
      'a\u007f',
      'a\u0085',
      'é',
      '你好',
      '',
      'wkabcdefghij',
      'vault://kv/a#b',
      'last:3',
      'last:0',
      'f'.repeat(64),
    ]
    const script =
      'import json, re, sys\nd = json.load(sys.stdin)\nprint(json.dumps([[re.search(p, s) is not None for s in d["samples"]] for p in d["patterns"]]))'
    const told = spawnSync('python3', ['-c', script], { input: JSON.stringify({ patterns, samples }), encoding: 'utf8' })
    const inPython: unknown = JSON.parse(told.stdout)
    expect(inPython).toEqual(patterns.map((pattern) => samples.map((sample) => new RegExp(pattern).test(sample))))
    expect(patterns.map((pattern) => samples.map((sample) => RE2JS.compile(pattern).matcher(sample).find()))).toEqual(inPython)
  })
})
