/** Hashes of texts: each is of its own text, whatever was hashed before it. */
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { sha256Hex } from '../../../../../durable-objects/tenant/kernel/sha256.ts'

it('is of the text itself, however short, and however often the same comes in between', () => {
  const texts = ['', '', 'ok', 'ok', '', 'ko', 'ü😀', 'ok', 'x'.repeat(32), 'x'.repeat(33), 'y'.repeat(33), 'ok', 'z'.repeat(20_000)]
  expect(texts.map(sha256Hex)).toEqual(texts.map((text) => createHash('sha256').update(text).digest('hex')))
})
