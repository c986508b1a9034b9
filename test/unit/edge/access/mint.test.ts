/** Says what minting makes: a genuine token, of which the server keeps a hash and a ciphertext and nothing else. */
import { createHash, randomBytes } from 'node:crypto'
import { parseCredentialToken, parseViewId, parseViewUrl, tenantOfView, viewId, viewPlaintext } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { parseSigningKeys } from '../../../../src/domain/access/signing-keys.ts'
import { isMacValid } from '../../../../src/domain/access/token.ts'
import { mint, newViewId } from '../../../../src/edge/access/mint.ts'
import { keysOf } from '../../../../src/edge/access/signing-keys.ts'

const keys = keysOf('k:a secret that is longer than thirty-two characters')
if ('reason' in keys) throw new Error(keys.reason)
const random = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(randomBytes(bytes))
const request = { kind: 'worker', tenant: 'acme', name: 'triager', origin: 'https://reins.example' } as const

/** What the page and the CLI do with a view. */
async function open(viewUrl: string, view: { readonly iv: string; readonly ciphertext: string }) {
  const address = parseViewUrl(viewUrl)
  const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, 'base64url'))
  const key = await crypto.subtle.importKey('raw', bytes(address?.key ?? ''), 'AES-GCM', false, ['decrypt'])
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes(view.iv) }, key, bytes(view.ciphertext))
  return viewPlaintext.parse(JSON.parse(new TextDecoder().decode(plain)))
}

describe('a minted token', () => {
  test('is opened with the key in the fragment, is genuine, and has the hash that the object is given', async () => {
    const { minted, view_url } = await mint(request, keys[0], random)
    const content = await open(view_url, minted.view)
    expect(content).toMatchObject({ kind: 'worker', tenant: 'acme', name: 'triager' })
    const parsed = parseCredentialToken(content.token)
    expect(parsed).toMatchObject({ kind: 'worker', tenant: 'acme', credential: minted.credential })
    expect(isMacValid(parsed?.signed ?? '', parsed?.mac ?? '', keys)).toBe(true)
    expect(minted.hash).toBe(createHash('sha256').update(content.token).digest('hex'))
  })

  test('leaves nothing readable in what the object is given', async () => {
    const { minted, view_url } = await mint(request, keys[0], random)
    const { token } = await open(view_url, minted.view)
    const kept = JSON.stringify(minted)
    const secret = token.split('_')[3] ?? ''
    expect(secret.length).toBeGreaterThan(40)
    expect(kept).not.toContain(secret)
    expect(kept).not.toContain(view_url.split('#')[1])
  })

  test('does not open with any other key', async () => {
    const one = await mint(request, keys[0], random)
    const other = await mint(request, keys[0], random)
    await expect(open(other.view_url, one.minted.view)).rejects.toThrow()
  })
})

describe('the id of a view', () => {
  test.each(['ab', 'acme', 'z9', 'a'.repeat(32), '2222'])('says that it is of tenant %s, and is genuine', (tenant) => {
    const id = newViewId(tenant, keys[0], 'the sealing key')
    expect(viewId.safeParse(id).success).toBe(true)
    expect(tenantOfView(id)).toBe(tenant)
    const parts = parseViewId(id)
    expect(isMacValid(parts?.signed ?? '', parts?.mac ?? '', keys)).toBe(true)
  })

  test('is not genuine for another tenant', () => {
    const parts = parseViewId(newViewId('acme', keys[0], 'the sealing key').replace('acme', 'evil'))
    expect(parts?.tenant).toBe('evil')
    expect(isMacValid(parts?.signed ?? '', parts?.mac ?? '', keys)).toBe(false)
  })

  test.each(['', 'vw', 'vw4acme', 'vwzacme0123456789', `vw1a${'x'.repeat(60)}`])('is not what %j spells', (id) => {
    expect(parseViewId(id)).toBeUndefined()
  })
})

describe('the Worker secret', () => {
  const hmac = (): Uint8Array => new Uint8Array()
  test.each([
    [undefined, 'not set'],
    ['', 'not set'],
    ['a:brief', 'shorter than 32'],
    ['no key id but long enough to be a secret', 'kid:secret'],
    [`a:${'x'.repeat(32)},a:${'y'.repeat(32)}`, 'two keys a'],
  ])('%j is refused without being repeated', (secret, reason) => {
    const parsed = parseSigningKeys(secret, hmac)
    expect(parsed).toHaveProperty('reason', expect.stringContaining(reason))
    if (secret !== undefined && secret.length > 4) expect(JSON.stringify(parsed)).not.toContain(secret.slice(2))
  })
})
