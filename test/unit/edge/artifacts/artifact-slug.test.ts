/** Says what a slug tells, and whom it fools not. */
import { createHmac, randomBytes } from 'node:crypto'
import { parseViewId } from '@modelreins/contract'
import { expect, test } from 'vitest'
import type { TokenKey } from '../../../../src/domain/access/token.ts'
import { newArtifactSlug, ownerOfSlug } from '../../../../src/edge/artifacts/artifact-slug.ts'

const key = (id: string): TokenKey => ({ id, hmac: (text) => createHmac('sha256', `secret of ${id}`).update(text).digest() })
const random = (bytes: number): Uint8Array => randomBytes(bytes)
const make = (tenant: string, by = key('a')): string => newArtifactSlug(tenant, by, random)

test('a slug names its tenant, whatever letters that has, and fits into an address', () => {
  for (const tenant of ['ab', 'local', 'ar5local', '2'.repeat(32), 'w'.repeat(32)]) {
    const slug = make(tenant)
    expect(slug).toMatch(/^ar[a-z0-9]{1,92}$/)
    expect(ownerOfSlug(slug, [key('a')])).toEqual({ tenant, genuine: true })
  }
})

test('no two are alike', () => {
  expect(new Set(Array.from({ length: 1_000 }, () => make('local'))).size).toBe(1_000)
})

test('a changed character anywhere makes it somebody else’s, or nobody’s', () => {
  const slug = make('local')
  for (let at = 3; at < slug.length; at += 1) {
    const forged = slug.slice(0, at) + (slug[at] === 'x' ? 'y' : 'x') + slug.slice(at + 1)
    expect(ownerOfSlug(forged, [key('a')])?.genuine ?? false).toBe(false)
  }
})

test('one of an earlier key is genuine while that key is kept; then it still says whose it was', () => {
  const slug = make('local', key('a'))
  expect(ownerOfSlug(slug, [key('b'), key('a')])).toEqual({ tenant: 'local', genuine: true })
  expect(ownerOfSlug(slug, [key('b')])).toEqual({ tenant: 'local', genuine: false })
})

test('it is not the id of a view, and nothing else is a slug', () => {
  expect(parseViewId(make('local'))).toBeUndefined()
  for (const text of ['', 'ar', 'ar5local', 'x', `vw${make('local').slice(2)}`, 'AR5LOCAL', 'ar0aa', `${make('local')}-`]) {
    expect(ownerOfSlug(text, [key('a')])).toBeUndefined()
  }
})
