/** Redeeming a one-time view: the key never leaves this side. */
import { createHash, webcrypto } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { isViewUrl, redeemView } from '../../../../worker-sdk/src/client/index.ts'
import { answer, refuse } from '../support/control-plane.ts'
import { httpServer, type HttpServer } from '../support/http-server.ts'

const id = 'vwabcdefghijklmn'
let server: HttpServer
let key: string
beforeEach(async () => {
  server = await httpServer()
  key = Buffer.from(webcrypto.getRandomValues(new Uint8Array(32))).toString('base64url')
})
afterEach(() => server.close())

async function seal(plain: string): Promise<{ iv: string; ciphertext: string }> {
  const iv = webcrypto.getRandomValues(new Uint8Array(12))
  const imported = await webcrypto.subtle.importKey('raw', Buffer.from(key, 'base64url'), 'AES-GCM', false, ['encrypt'])
  const sealed = await webcrypto.subtle.encrypt({ name: 'AES-GCM', iv }, imported, new TextEncoder().encode(plain))
  return { iv: Buffer.from(iv).toString('base64url'), ciphertext: Buffer.from(sealed).toString('base64url') }
}

it('answers the token and whose it is, and sends no part of the key', async () => {
  const token = { token: 'mrw_x', kind: 'worker', tenant: 'acme', name: 'triager' }
  const sealed = await seal(JSON.stringify(token))
  server.handle = (_, response) => answer(response, 200, sealed)
  expect(await redeemView(`${server.url}/view/${id}#${key}`)).toEqual(token)
  expect(server.requests).toMatchObject([{ method: 'POST', path: `/api/v1/views/${id}/reveal` }])
  expect(JSON.stringify(server.requests)).not.toContain(key)
  const proof = createHash('sha256').update(`modelreins view proof ${key}`).digest('base64url')
  expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ proof })
})

it('takes a token that replaces an earlier one, which has no name', async () => {
  const sealed = await seal('{"token":"mrw_x","kind":"worker","tenant":"acme","name":null}')
  server.handle = (_, response) => answer(response, 200, sealed)
  expect(await redeemView(`${server.url}/view/${id}#${key}`)).toMatchObject({ token: 'mrw_x', name: null })
})

it('says so when somebody was faster', async () => {
  server.handle = (_, response) => refuse(response, 'gone', 'It was revealed at 12:00.')
  await expect(redeemView(`${server.url}/view/${id}#${key}`)).rejects.toMatchObject({ code: 'gone', message: 'It was revealed at 12:00.' })
})

it('says so when the key does not fit', async () => {
  const sealed = await seal('{}')
  server.handle = (_, response) => answer(response, 200, sealed)
  const other = 'A'.repeat(43)
  await expect(redeemView(`${server.url}/view/${id}#${other}`)).rejects.toThrow(/does not open/)
})

it('refuses what is not a view URL without sending anything', async () => {
  for (const url of ['mrw_token', `${server.url}/view/${id}`, `${server.url}/view/${id}#short`]) {
    expect(isViewUrl(url)).toBe(false)
    await expect(redeemView(url)).rejects.toMatchObject({ code: 'invalid-request' })
  }
  expect(server.requests).toEqual([])
})
