/** Says which WebAuthn responses are accepted, with the reference implementation of @simplewebauthn/server as the oracle. */
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { describe, expect, test } from 'vitest'
import { checkAssertion, checkRegistration, rpIdHash } from '../../../../../durable-objects/tenant/sessions/webauthn-response.ts'
import { assertWith, base64url, newPasskey, register } from '../../../../support/authenticator.ts'
import type { Ceremony, Passkey } from '../../../../support/authenticator.ts'

const origin = 'https://reins.example'
const rpId = 'reins.example'
const challenge = 'wac_text_of_the_challenge'
const good: Ceremony = { challenge: base64url(challenge), origin, rpId }
const expected = { origin, rpIdHash: rpIdHash(rpId), challenge: (text: string) => text === challenge }

async function oracleRegisters(response: ReturnType<typeof register>): Promise<boolean> {
  try {
    const answer = await verifyRegistrationResponse({
      response,
      expectedChallenge: good.challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: [-7, -8, -257],
    })
    return answer.verified
  } catch {
    return false
  }
}

async function oracleAsserts(passkey: Passkey, response: ReturnType<typeof assertWith>, counter: number): Promise<boolean> {
  const registered = await verifyRegistrationResponse({
    response: register({ ...passkey, counter: 0 }, good),
    expectedChallenge: good.challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    supportedAlgorithmIDs: [-7, -8, -257],
  })
  const key = registered.registrationInfo?.credential
  if (key === undefined) throw new Error('the oracle took no registration')
  try {
    const answer = await verifyAuthenticationResponse({
      response,
      expectedChallenge: good.challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      credential: { ...key, counter },
      requireUserVerification: true,
    })
    return answer.verified
  } catch {
    return false
  }
}

const kept = (passkey: Passkey, sign_count = 0) => ({
  public_key: base64url(passkey.publicKey.export({ format: 'der', type: 'spki' })),
  algorithm: passkey.algorithm,
  sign_count,
})

/** Ceremonies that must fail, each for one reason. */
const broken: readonly (readonly [string, Ceremony])[] = [
  ['another type', { ...good, type: 'payment.get' }],
  ['another challenge', { ...good, challenge: base64url('another') }],
  ['another origin', { ...good, origin: 'https://evil.example' }],
  ['another RP id', { ...good, rpId: 'evil.example' }],
  ['nobody present', { ...good, flags: 0x44 }],
  ['nobody verified', { ...good, flags: 0x41 }],
]

describe.each([
  ['ES256', -7],
  ['EdDSA', -8],
  ['RS256', -257],
] as const)('with %s', (_name, algorithm) => {
  test('a registration is accepted, and keeps id, key and counter', async () => {
    const passkey = newPasskey(algorithm)
    const response = register(passkey, good)
    expect(checkRegistration(response, expected)).toEqual({
      ok: true,
      value: { credential_id: base64url(passkey.id), algorithm, public_key: kept(passkey).public_key, sign_count: 0 },
    })
    expect(await oracleRegisters(response)).toBe(true)
  })

  test.each(broken)('a registration with %s is refused', async (_what, ceremony) => {
    const response = register(newPasskey(algorithm), ceremony)
    expect(checkRegistration(response, expected).ok).toBe(false)
    expect(await oracleRegisters(response)).toBe(false)
  })

  test('an assertion is accepted and answers the counter', async () => {
    const passkey = newPasskey(algorithm, 'x', 7)
    const response = assertWith(passkey, good)
    expect(checkAssertion(response, kept(passkey, 6), expected)).toEqual({ ok: true, value: { sign_count: 7 } })
    expect(await oracleAsserts(passkey, response, 6)).toBe(true)
  })

  test.each(broken)('an assertion with %s is refused', async (_what, ceremony) => {
    const passkey = newPasskey(algorithm)
    const flags = ceremony.flags === undefined ? {} : { flags: ceremony.flags & 0x05 }
    const response = assertWith(passkey, { ...ceremony, ...flags })
    expect(checkAssertion(response, kept(passkey), expected).ok).toBe(false)
    expect(await oracleAsserts(passkey, response, 0)).toBe(false)
  })

  test('an assertion with any byte of its signature changed is refused', () => {
    const passkey = newPasskey(algorithm)
    const response = assertWith(passkey, good)
    const signature = Buffer.from(response.response.signature, 'base64url')
    for (let index = 0; index < signature.length; index += 1) {
      const changed = Buffer.from(signature)
      changed[index] = (changed[index] ?? 0) ^ 1
      const tampered = { ...response, response: { ...response.response, signature: base64url(changed) } }
      expect(checkAssertion(tampered, kept(passkey), expected).ok, `byte ${index}`).toBe(false)
    }
  })

  test('an assertion by another key is refused', () => {
    expect(checkAssertion(assertWith(newPasskey(algorithm), good), kept(newPasskey(algorithm)), expected).ok).toBe(false)
  })

  test('a counter that does not rise is refused, one that stays 0 is not kept', async () => {
    const passkey = newPasskey(algorithm, 'x', 5)
    const response = assertWith(passkey, good)
    expect(checkAssertion(response, kept(passkey, 5), expected).ok).toBe(false)
    expect(await oracleAsserts(passkey, response, 5)).toBe(false)
    const plain = newPasskey(algorithm)
    expect(checkAssertion(assertWith(plain, good), kept(plain, 0), expected)).toEqual({ ok: true, value: { sign_count: 0 } })
  })
})

describe('what is no response at all', () => {
  const passkey = newPasskey()
  const response = assertWith(passkey, good)
  const registration = register(passkey, good)

  test.each([
    ['empty client data', { clientDataJSON: '' }],
    ['client data that is no JSON', { clientDataJSON: base64url('{') }],
    ['client data that is a list', { clientDataJSON: base64url('[]') }],
    ['short authenticator data', { authenticatorData: base64url(new Uint8Array(36)) }],
    ['an empty signature', { signature: '' }],
    ['a signature that is noise', { signature: base64url(new Uint8Array(70).fill(7)) }],
  ])('%s is refused', (_what, change) => {
    expect(checkAssertion({ ...response, response: { ...response.response, ...change } }, kept(passkey), expected).ok).toBe(false)
  })

  test('a frame of another origin is refused', () => {
    expect(checkAssertion(assertWith(passkey, { ...good, crossOrigin: true }), kept(passkey), expected).ok).toBe(false)
  })

  test.each([
    ['a key that is noise', { publicKey: base64url(new Uint8Array(91)) }],
    ['an algorithm that is not asked for', { publicKeyAlgorithm: -47 }],
    ['an algorithm that is not the key’s', { publicKeyAlgorithm: -8 }],
    ['no credential in the authenticator data', { authenticatorData: response.response.authenticatorData }],
  ])('a registration with %s is refused', (_what, change) => {
    expect(checkRegistration({ ...registration, response: { ...registration.response, ...change } }, expected).ok).toBe(false)
  })

  test('a registration whose id is another one is refused', () => {
    expect(checkRegistration({ ...registration, rawId: base64url('another') }, expected).ok).toBe(false)
  })
})
