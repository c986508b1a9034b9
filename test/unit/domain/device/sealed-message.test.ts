/** Says that a message is encrypted as RFC 8291 says, by its own example (appendix A). */
import { createCipheriv, createECDH, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { sealMessage } from '../../../../src/domain/device/sealed-message.ts'

const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')

const functions = {
  hmac: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
  encrypt: (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array) => {
    const cipher = createCipheriv('aes-128-gcm', key, nonce)
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  },
}

function example() {
  const sender = createECDH('prime256v1')
  sender.setPrivateKey(bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'))
  const receiver = {
    publicKey: bytes('BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'),
    auth: bytes('BTBZMqHH6r4Tts7J_aSIgg'),
  }
  const shared = sender.computeSecret(receiver.publicKey)
  return { receiver, sender: { publicKey: sender.getPublicKey(), shared }, salt: bytes('DGv6ra1nlYgDCS1FRnbzlw') }
}

test('the example of the RFC comes out to the byte', () => {
  const sealed = sealMessage(Buffer.from('When I grow up, I want to be a watermelon'), example(), 1, functions)
  expect(Buffer.from(sealed).toString('base64url')).toBe(
    'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
  )
})

test('padded, messages of all lengths look the same, and one that fits no record is refused', () => {
  const lengths = [1, 40, 511, 512].map((length) => sealMessage(new Uint8Array(length), example(), 512, functions).length)
  expect(new Set(lengths)).toEqual(new Set([86 + 512 + 1 + 16]))
  expect(sealMessage(new Uint8Array(513), example(), 512, functions)).toHaveLength(86 + 1_024 + 1 + 16)
  expect(() => sealMessage(new Uint8Array(4_080), example(), 1, functions)).toThrow(/too long/)
})
