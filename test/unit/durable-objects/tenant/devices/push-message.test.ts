/** Says that what a push service and a browser get is what the RFCs ask for, by a receiver that was written apart from it. */
import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isPublicKey, sealNotice, VapidKey } from '../../../../../durable-objects/tenant/devices/push-message.ts'
import { pushReceiver, vapidClaims } from '../../../../support/push-receiver.ts'

const at = Date.parse('2036-06-01T12:00:00.500Z')
const key = { id: 'a', hmac: (text: string) => createHmac('sha256', 'a secret of more than thirty-two letters').update(text).digest() }
const vapid = new VapidKey(key, 'acme')
const notice = { tag: 'reviews', title: 'A review waits', body: 'For Zoë in acme', path: '/reviews/1', quiet: false } as const

describe('the token for a push service', () => {
  test('is signed by the tenant, for this push service alone, for twelve hours, with the deployment as the contact', async () => {
    const device = { endpoint: 'https://push.example.net:8443/send/abc?x=1', origin: 'https://reins.example' }
    expect(await vapidClaims(vapid.authorization(device, at), vapid.public)).toEqual({
      aud: 'https://push.example.net:8443',
      exp: Math.floor(at / 1000) + 12 * 3600,
      sub: 'https://reins.example',
    })
    const local = { ...device, origin: 'http://localhost:8787' }
    expect((await vapidClaims(vapid.authorization(local, at), vapid.public)).sub).toBe('mailto:operator@localhost')
  })

  test('is of a key that every tenant has of its own, and finds again', async () => {
    expect(new VapidKey(key, 'acme').public).toBe(vapid.public)
    expect(new VapidKey(key, 'acme2').public).not.toBe(vapid.public)
    expect(Buffer.from(vapid.public, 'base64url')).toHaveLength(65)
    const other = new VapidKey(key, 'acme2').authorization({ endpoint: 'https://push.example.net/a', origin: '' }, at)
    await expect(vapidClaims(other, vapid.public)).rejects.toThrow(/not signed by/)
  })
})

describe('a sealed notice', () => {
  test('opens for its browser, for no other, and not after a change', async () => {
    const [browser, other] = [await pushReceiver(), await pushReceiver()]
    const body = sealNotice(notice, browser.keys)
    expect(JSON.parse(await browser.open(body))).toEqual(notice)
    await expect(other.open(body)).rejects.toThrow()
    const changed = Uint8Array.from(body, (byte, index) => (index === body.length - 1 ? byte ^ 1 : byte))
    await expect(browser.open(changed)).rejects.toThrow()
  })

  test('is as long as every other, and never the same twice', async () => {
    const { keys } = await pushReceiver()
    const bodies = [notice, notice, { ...notice, title: 'x'.repeat(200), path: '/' }].map((one) => sealNotice(one, keys))
    expect(new Set(bodies.map((body) => body.length)).size).toBe(1)
    expect(new Set(bodies.map((body) => Buffer.from(body).toString('hex'))).size).toBe(3)
  })
})

test('only a point of the curve is a public key', async () => {
  const { keys } = await pushReceiver()
  expect(isPublicKey(keys.p256dh)).toBe(true)
  const off = Buffer.from(keys.p256dh, 'base64url')
  off[40] = (off[40] ?? 0) ^ 1
  for (const none of [off.toString('base64url'), Buffer.alloc(65).toString('base64url'), Buffer.alloc(65, 4).toString('base64url'), ''])
    expect([none, isPublicKey(none)]).toEqual([none, false])
})
