/** Says how browsers sign in, stay and leave, with real tenant objects behind the real edge. */
import type { Session, SignedIn } from '@modelreins/contract'
import { limits } from '@modelreins/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import { assertWith, newPasskey, register } from '../../support/authenticator.ts'
import type { Passkey } from '../../support/authenticator.ts'
import { call, json, newTenant, newWorker, origin, problem, redeem, type TestTenant } from './edge.ts'
import { misspelt } from '../../support/misspelt.ts'

let tenant: TestTenant
beforeAll(async () => {
  tenant = await newTenant()
})

const ours = { 'x-modelreins-request': '1', origin, 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/133.0' }

let addresses = 0
const somewhere = (): string => `203.0.${(addresses += 1) >> 8}.${addresses & 255}`

interface Browser {
  readonly cookie: string
  readonly signedIn: SignedIn
}

async function opened(answer: Promise<Response>): Promise<Browser> {
  const response = await answer
  const text = await response.text()
  expect([response.status, text]).toEqual([201, expect.anything()])
  const set = response.headers.get('set-cookie') ?? ''
  expect(set).toMatch(/^__Host-modelreins=mrs_[a-z0-9_]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=2592000$/)
  const cookie = set.split(';')[0] ?? ''
  expect(text).not.toContain(cookie.split('=')[1])
  return { cookie, signedIn: JSON.parse(text) }
}

const signIn = (key: string, from = somewhere()): Promise<Response> =>
  call('POST', '/api/v1/sessions', { body: { key }, headers: ours, from })

/** A call of a page of ours in this browser. */
const as = (browser: Browser, method: string, path: string, body?: unknown): Promise<Response> =>
  call(method, path, { body, headers: { ...ours, cookie: browser.cookie } })

async function newMember(role: string, name: string): Promise<{ readonly member_id: string; readonly key: string }> {
  const made = await json<{ member_id: string; view_url: string }>(
    call('POST', '/api/v1/members', { token: tenant.owner, body: { name, role } }),
    201,
  )
  return { member_id: made.member_id, key: (await redeem(made.view_url)).token }
}

const sessionsOf = async (browser: Browser, query = ''): Promise<readonly Session[]> =>
  (await json<{ items: Session[] }>(as(browser, 'GET', `/api/v1/sessions${query}`))).items

async function addPasskey(browser: Browser, passkey: Passkey, name = 'laptop'): Promise<{ readonly passkey_id: string }> {
  const options = await json<{ challenge: string; user: { id: string } }>(as(browser, 'POST', '/api/v1/passkeys/options', {}))
  passkey.userHandle = Buffer.from(options.user.id, 'base64url').toString()
  const credential = register(passkey, { challenge: options.challenge, origin, rpId: 'reins.example' })
  return json(as(browser, 'POST', '/api/v1/passkeys', { name, credential }), 201)
}

async function passkeyChallenge(): Promise<string> {
  return (await json<{ challenge: string }>(call('POST', '/api/v1/sessions/passkey/options', { body: {}, headers: ours }))).challenge
}

async function signInWith(passkey: Passkey, challenge?: string, from = somewhere()): Promise<Response> {
  passkey.counter += 1
  const ceremony = { challenge: challenge ?? (await passkeyChallenge()), origin, rpId: 'reins.example' }
  return call('POST', '/api/v1/sessions/passkey', { body: { credential: assertWith(passkey, ceremony) }, headers: ours, from })
}

describe('a sign-in with a key', () => {
  test('sets a cookie that lets pages of ours do what the member may', async () => {
    const browser = await opened(signIn(tenant.owner))
    expect(browser.signedIn).toMatchObject({
      tenant: tenant.tenant,
      member: { role: 'owner' },
      session: { method: 'key', device: 'Firefox on Linux', current: true },
    })
    expect(await json(as(browser, 'GET', '/api/v1/whoami'))).toMatchObject({ tenant: tenant.tenant, kind: 'member', role: 'owner' })
    expect(await json(as(browser, 'POST', '/api/v1/members', { name: 'made-by-cookie', role: 'viewer' }), 201)).toMatchObject({
      role: 'viewer',
    })
  })

  test('is refused alike for a worker token, a lease, a session token, a forged, a misspelt and a revoked key', async () => {
    const browser = await opened(signIn(tenant.owner))
    const worker = await newWorker(tenant, 'no-person')
    const revoked = await newMember('viewer', 'revoked-before')
    await json(call('DELETE', `/api/v1/members/${revoked.member_id}`, { token: tenant.owner }))
    const keys = [worker.token, browser.cookie.split('=')[1] ?? '', misspelt(tenant.owner), 'x', revoked.key]
    const seen = new Set<string>()
    for (const key of keys) {
      const { instance: _instance, ...answer } = await problem(signIn(key), 401)
      seen.add(JSON.stringify(answer))
    }
    expect(seen.size).toBe(1)
  })

  test('is refused from a page of another origin, without our header, and over http elsewhere than on this machine', async () => {
    const body = { key: tenant.owner }
    expect(
      await problem(call('POST', '/api/v1/sessions', { body, headers: { ...ours, origin: 'https://evil.example' } }), 403),
    ).toMatchObject({ code: 'forbidden' })
    expect((await problem(call('POST', '/api/v1/sessions', { body }), 403)).detail).toContain('x-modelreins-request')
  })

  test('leaves audit rows that hold neither key nor token', async () => {
    const browser = await opened(signIn(tenant.owner))
    const rows = async (): Promise<readonly { readonly subject: string; readonly actor: { readonly kind: string } }[]> =>
      (await json<{ items: [] }>(call('GET', '/api/v1/audit?action=session.create&limit=200', { token: tenant.owner }))).items
    const subject = `session:${browser.signedIn.session.session_id}`
    await expect
      .poll(rows, { timeout: 5_000 })
      .toContainEqual(expect.objectContaining({ subject, actor: expect.objectContaining({ kind: 'member' }) }))
    const text = JSON.stringify(await rows())
    expect(text).not.toContain(browser.cookie.split('_')[5])
    expect(text).not.toContain(tenant.owner.split('_')[3])
  })
})

describe('a cookie', () => {
  test('works for pages of ours only', async () => {
    const { cookie } = await opened(signIn(tenant.owner))
    const body = { prompt: 'x' }
    await problem(
      call('POST', '/api/v1/dispatch', { body, headers: { cookie, origin: 'https://evil.example', 'x-modelreins-request': '1' } }),
      403,
    )
    await problem(call('POST', '/api/v1/dispatch', { body, headers: { cookie, origin } }), 403)
    await problem(call('GET', '/api/v1/whoami', { headers: { cookie, 'sec-fetch-site': 'cross-site' } }), 403)
  })

  test('never does the work of a worker', async () => {
    const browser = await opened(signIn(tenant.owner))
    for (const [method, path, body] of [
      ['GET', '/my-jobs?worker=x&status=pending', undefined],
      ['POST', '/api/v1/claims', { max: 1 }],
      ['PUT', '/api/v1/presence', { instance: 'x', status: 'idle' }],
      ['POST', '/jobs/1/claim', { worker: 'x' }],
    ] as const)
      expect(await problem(as(browser, method, path, body), 403), path).toMatchObject({ code: 'forbidden' })
  })

  test('is no bearer token, and a key is no cookie', async () => {
    const { cookie } = await opened(signIn(tenant.owner))
    await problem(call('GET', '/api/v1/whoami', { token: cookie.split('=')[1] }), 401)
    await problem(call('GET', '/api/v1/whoami', { headers: { cookie: `__Host-modelreins=${tenant.owner}` } }), 401)
  })

  test('of an ended session, a forged one and none at all get the uniform 401', async () => {
    const browser = await opened(signIn(tenant.owner))
    await json(as(browser, 'DELETE', '/api/v1/sessions/current'))
    const seen = new Set<string>()
    const forged = misspelt(browser.cookie)
    for (const cookie of [browser.cookie, forged, '']) {
      const { instance: _instance, ...answer } = await problem(
        call('GET', '/api/v1/whoami', { headers: { ...ours, cookie }, from: somewhere() }),
        401,
      )
      seen.add(JSON.stringify(answer))
    }
    expect(seen.size).toBe(1)
  })
})

describe('sessions', () => {
  test('are listed newest first, with the one that asks marked', async () => {
    const member = await newMember('viewer', 'lists-sessions')
    const first = await opened(signIn(member.key))
    const second = await opened(signIn(member.key))
    const listed = await sessionsOf(first)
    expect(listed.map((one) => [one.session_id, one.current]).toSorted()).toEqual(
      [
        [first.signedIn.session.session_id, true],
        [second.signedIn.session.session_id, false],
      ].toSorted(),
    )
  })

  test('end one by one, all but this one, or when the cookie signs out', async () => {
    const member = await newMember('viewer', 'ends-sessions')
    const [here, there, elsewhere] = [await opened(signIn(member.key)), await opened(signIn(member.key)), await opened(signIn(member.key))]
    expect(await json(as(here, 'DELETE', `/api/v1/sessions/${there.signedIn.session.session_id}`))).toEqual({ ended: 1 })
    await problem(as(there, 'GET', '/api/v1/whoami'), 401)
    expect(await json(as(here, 'DELETE', '/api/v1/sessions?others=true'))).toEqual({ ended: 1 })
    await problem(as(elsewhere, 'GET', '/api/v1/whoami'), 401)
    const out = await as(here, 'DELETE', '/api/v1/sessions/current')
    expect(out.headers.get('set-cookie')).toContain('Max-Age=0')
    await problem(as(here, 'GET', '/api/v1/whoami'), 401)
  })

  test('of other members are listed and ended by an owner, and do not exist for anybody else', async () => {
    const member = await newMember('operator', 'watched')
    const other = await newMember('operator', 'curious')
    const browser = await opened(signIn(member.key))
    const curious = await opened(signIn(other.key))
    const owner = await opened(signIn(tenant.owner))
    await problem(as(curious, 'GET', `/api/v1/sessions?member_id=${member.member_id}`), 403)
    await problem(as(curious, 'DELETE', `/api/v1/sessions/${browser.signedIn.session.session_id}`), 404)
    await problem(as(curious, 'DELETE', `/api/v1/sessions?member_id=${member.member_id}`), 403)
    expect(await sessionsOf(owner, `?member_id=${member.member_id}`)).toHaveLength(1)
    expect(await json(as(owner, 'DELETE', `/api/v1/sessions?member_id=${member.member_id}`))).toEqual({ ended: 1 })
    await problem(as(browser, 'GET', '/api/v1/whoami'), 401)
  })

  test('need a word about which: neither or both is a 400', async () => {
    const browser = await opened(signIn(tenant.owner))
    await problem(as(browser, 'DELETE', '/api/v1/sessions'), 400)
    await problem(as(browser, 'DELETE', `/api/v1/sessions?others=true&member_id=${browser.signedIn.member.member_id}`), 400)
  })

  test('end with their member, and those by key when the key is replaced', async () => {
    const member = await newMember('viewer', 'rotated')
    const byKey = await opened(signIn(member.key))
    const passkey = newPasskey()
    await addPasskey(byKey, passkey)
    const byPasskey = await opened(signInWith(passkey))
    await json(call('POST', `/api/v1/members/${member.member_id}/rotate`, { token: tenant.owner }))
    await problem(as(byKey, 'GET', '/api/v1/whoami'), 401)
    await json(as(byPasskey, 'GET', '/api/v1/whoami'))
    await json(call('DELETE', `/api/v1/members/${member.member_id}`, { token: tenant.owner }))
    await problem(as(byPasskey, 'GET', '/api/v1/whoami'), 401)
    await problem(signInWith(passkey), 401)
  })

  test('of one member are bounded: the one used longest ago makes room', async () => {
    const member = await newMember('viewer', 'many-browsers')
    const first = await opened(signIn(member.key))
    for (let count = 0; count < limits.sessions_per_member; count += 1) await opened(signIn(member.key))
    await problem(as(first, 'GET', '/api/v1/whoami'), 401)
  }, 60_000)
})

describe('a passkey', () => {
  test.each([
    ['ES256', -7],
    ['EdDSA', -8],
    ['RS256', -257],
  ] as const)('with %s is registered, signs in without a name, and is listed, renamed and removed', async (_name, algorithm) => {
    const browser = await opened(signIn(tenant.owner))
    const passkey = newPasskey(algorithm)
    const { passkey_id } = await addPasskey(browser, passkey)
    const signed = await opened(signInWith(passkey))
    expect(signed.signedIn).toMatchObject({ tenant: tenant.tenant, member: { role: 'owner' }, session: { method: 'passkey' } })
    expect(await json(as(browser, 'PATCH', `/api/v1/passkeys/${passkey_id}`, { name: 'phone' }))).toMatchObject({ name: 'phone' })
    const listed = (await json<{ items: { passkey_id: string; last_used_at: string | null }[] }>(as(browser, 'GET', '/api/v1/passkeys')))
      .items
    expect(listed.find((one) => one.passkey_id === passkey_id)?.last_used_at).toMatch(/^\d{4}-/)
    await json(as(browser, 'DELETE', `/api/v1/passkeys/${passkey_id}`))
    await problem(as(signed, 'GET', '/api/v1/whoami'), 401)
    await problem(signInWith(passkey), 401)
  })

  test('answers a challenge once', async () => {
    const browser = await opened(signIn(tenant.owner))
    const passkey = newPasskey()
    await addPasskey(browser, passkey)
    const challenge = await passkeyChallenge()
    await opened(signInWith(passkey, challenge))
    await problem(signInWith(passkey, challenge), 401)
  })

  test('answers no challenge that was made for something else, by somebody else, or never', async () => {
    const browser = await opened(signIn(tenant.owner))
    const passkey = newPasskey()
    await addPasskey(browser, passkey)
    const registration = await json<{ challenge: string }>(as(browser, 'POST', '/api/v1/passkeys/options', {}))
    for (const challenge of [registration.challenge, Buffer.from('made up').toString('base64url')])
      await problem(signInWith(passkey, challenge), 401)
  })

  test('is of its own member: another one neither sees, renames nor removes it', async () => {
    const browser = await opened(signIn(tenant.owner))
    const { passkey_id } = await addPasskey(browser, newPasskey())
    const other = await opened(signIn((await newMember('owner', 'another-owner')).key))
    expect((await json<{ items: object[] }>(as(other, 'GET', '/api/v1/passkeys'))).items).toEqual([])
    await problem(as(other, 'PATCH', `/api/v1/passkeys/${passkey_id}`, { name: 'mine' }), 404)
    await problem(as(other, 'DELETE', `/api/v1/passkeys/${passkey_id}`), 404)
  })

  test('is registered once', async () => {
    const browser = await opened(signIn(tenant.owner))
    const passkey = newPasskey()
    await addPasskey(browser, passkey)
    const options = await json<{ challenge: string; excludeCredentials: object[] }>(as(browser, 'POST', '/api/v1/passkeys/options', {}))
    expect(options.excludeCredentials.length).toBeGreaterThan(0)
    const credential = register(passkey, { challenge: options.challenge, origin, rpId: 'reins.example' })
    await problem(as(browser, 'POST', '/api/v1/passkeys', { name: 'again', credential }), 409)
  })
})

describe('repeated failures', () => {
  const forged = (): string => `${tenant.owner.slice(0, -4)}${Math.random().toString(36).slice(2, 6).padEnd(4, 'a')}`

  test('a few typos cost nothing', async () => {
    const from = somewhere()
    for (let count = 0; count < limits.sign_in_failures_forgiven; count += 1) await problem(signIn(forged(), from), 401)
    await opened(signIn(tenant.owner, from))
  })

  test('then the address waits, an owner sees the ban and lifts it, and both are in the audit trail', async () => {
    const from = somewhere()
    for (let count = 0; count < limits.sign_in_failures_forgiven + 3; count += 1) await problem(signIn(forged(), from), 401)
    const waiting = await problem(signIn(tenant.owner, from), 429)
    expect(waiting.retry_after_ms).toBeGreaterThan(0)
    expect(waiting.detail).toMatch(/Try again in \d+ s, or use a passkey/)
    const owner = await opened(signIn(tenant.owner))
    const bans = (await json<{ items: { ban_id: string; subject: string }[] }>(as(owner, 'GET', '/api/v1/bans'))).items
    const ban = bans.find((one) => one.subject === `address:${from}`)
    expect(ban).toMatchObject({ failures: limits.sign_in_failures_forgiven + 3 })
    await json(as(owner, 'DELETE', `/api/v1/bans/${ban?.ban_id}`))
    await opened(signIn(tenant.owner, from))
    const actions = async (): Promise<readonly string[]> =>
      (await json<{ items: { action: string; subject: string }[] }>(call('GET', '/api/v1/audit?limit=200', { token: tenant.owner }))).items
        .filter((row) => row.subject === `address:${from}`)
        .map((row) => row.action)
        .toSorted()
    await expect.poll(actions, { timeout: 5_000 }).toEqual(['sign_in.ban', 'sign_in.unban'])
  })

  test('never keep out who has a session or a passkey', async () => {
    const from = somewhere()
    const browser = await opened(signIn(tenant.owner, from))
    const passkey = newPasskey()
    await addPasskey(browser, passkey)
    for (let count = 0; count < limits.sign_in_failures_forgiven + 3; count += 1) await problem(signIn(forged(), from), 401)
    await problem(signIn(tenant.owner, from), 429)
    await json(as(browser, 'GET', '/api/v1/whoami'))
    await opened(signInWith(passkey, undefined, from))
  })
})
