/** Says who is let in, and that everybody else learns the same nothing. */
import { limits, type Operation, operationIds, operationPaths, operations } from '@modelreins/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, masterToken, newTenant, newWorker, problem, redeem, startedJob, type TestTenant } from './edge.ts'
import { misspelt } from '../../support/misspelt.ts'

let tenant: TestTenant
beforeAll(async () => {
  tenant = await newTenant()
})

let addresses = 0
/** An address of its own for each call, so that the limit of failed attempts stays out of the way. */
function somewhere(): string {
  addresses += 1
  return `198.51.${addresses >> 8}.${addresses & 255}`
}

/** What a stranger can compare: everything but the request id. */
async function seen(
  answer: Promise<Response>,
): Promise<{ readonly status: number; readonly headers: Record<string, string>; readonly body: object }> {
  const response = await answer
  const { 'x-request-id': _id, ...headers } = Object.fromEntries(response.headers)
  const { instance: _instance, ...body } = await response.json<Record<string, unknown>>()
  return { status: response.status, headers, body }
}

const pathOf = (row: Operation): string => row.path.replaceAll(/:[a-z_]+/g, '1')

describe('without a token in force', () => {
  test('every operation that asks for one, and every path that does not exist, answers the same 401', async () => {
    const uniform = await seen(call('GET', '/api/v1/jobs'))
    expect(uniform.status).toBe(401)
    expect(uniform.headers['www-authenticate']).toContain('Bearer')
    for (const id of operationIds) {
      const row: Operation = operations[id]
      if (row.scope === 'public') continue
      expect(await seen(call(row.method, pathOf(row), row.method === 'GET' ? {} : { body: '{' })), id).toEqual(uniform)
      for (const path of operationPaths(row).slice(1))
        expect(await seen(call(row.method, path.replaceAll(/:[a-z_]+/g, '1'))), path).toEqual(uniform)
    }
    for (const path of ['/nothing', '/api/v1/nothing', '/api/v2/jobs', '/.env', '/jobs/1/nothing', '/%zz', '/favicon.ico']) {
      expect(await seen(call('GET', path)), path).toEqual(uniform)
      expect(await seen(call('POST', path, { body: { a: 1 } })), path).toEqual(uniform)
    }
    expect(await seen(call('PATCH', '/dispatch'))).toEqual(uniform)
    expect(await seen(call('OPTIONS', '/dispatch', { headers: { origin: 'https://evil.example' } }))).toEqual(uniform)
  })

  test('missing, misspelt, forged, unknown, of no tenant, revoked: nothing tells them apart', async () => {
    const worker = await newWorker(tenant, 'to-be-revoked')
    await json(call('DELETE', `/api/v1/workers/${worker.worker_id}`, { token: tenant.owner }))
    const uniform = await seen(call('GET', '/api/v1/killswitch'))
    const wrong = [
      '',
      'x',
      `mrk_${'a'.repeat(300)}`,
      'mrk_acme_aaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbb_cccccccccccccccccccccccccc',
      misspelt(tenant.owner),
      tenant.owner.replace('mrk_', 'mrw_'),
      tenant.owner.replace(tenant.tenant, 'elsewhere'),
      worker.token,
    ]
    for (const token of wrong) expect(await seen(call('GET', '/api/v1/killswitch', { token, from: somewhere() })), token).toEqual(uniform)
    const basic = call('GET', '/api/v1/killswitch', { headers: { authorization: 'Basic b3duZXI6b3duZXI=' }, from: somewhere() })
    expect(await seen(basic)).toEqual(uniform)
  })

  test('a revoked token learns no more from a wrong request than from a right one', async () => {
    const worker = await newWorker(tenant, 'revoked-and-curious')
    await json(call('DELETE', `/api/v1/workers/${worker.worker_id}`, { token: tenant.owner }))
    const uniform = await seen(call('GET', '/api/v1/killswitch'))
    const { token } = worker
    for (const [method, path, body] of [
      ['GET', '/nothing', undefined],
      ['DELETE', '/dispatch', undefined],
      ['PUT', '/api/v1/presence', { nonsense: true }],
      ['PUT', '/api/v1/presence', '{'],
      ['POST', '/api/v1/claims/1/complete', {}],
      ['POST', '/api/v1/tenants', { tenant: 'mine' }],
      ['GET', '/api/v1/connect', undefined],
      ['POST', '/api/v1/claims', 'x'.repeat(limits.body_bytes + 1)],
    ] as const) {
      expect(await seen(call(method, path, { token, body })), `${method} ${path}`).toEqual(uniform)
    }
  })
})

describe('a suspended tenant', () => {
  test('has no token in force until it is resumed', async () => {
    const other = await newTenant()
    await json(call('POST', `/api/v1/tenants/${other.tenant}/suspend`, { token: masterToken }))
    const uniform = await seen(call('GET', '/api/v1/whoami'))
    expect(await seen(call('GET', '/api/v1/whoami', { token: other.owner }))).toEqual(uniform)
    const list = await json<{ items: { tenant: string; suspended: boolean }[] }>(
      call('GET', '/api/v1/tenants?limit=200', { token: masterToken }),
    )
    expect(list.items.find((one) => one.tenant === other.tenant)?.suspended).toBe(true)
    await json(call('POST', `/api/v1/tenants/${other.tenant}/resume`, { token: masterToken }))
    expect(await json(call('GET', '/api/v1/whoami', { token: other.owner }))).toMatchObject({ tenant: other.tenant, role: 'owner' })
  })

  test('that never was is not made by asking for it', async () => {
    await problem(call('POST', '/api/v1/tenants/neverwas/suspend', { token: masterToken }), 404)
  })
})

describe('kinds of token', () => {
  test('the master token makes tenants and nothing inside them', async () => {
    expect(await problem(call('GET', '/api/v1/jobs', { token: masterToken }), 403)).toMatchObject({ code: 'forbidden' })
    expect(await problem(call('POST', '/api/v1/tenants', { token: masterToken, body: { tenant: tenant.tenant } }), 409)).toMatchObject({
      code: 'name-taken',
    })
  })

  test('nobody else makes tenants', async () => {
    await problem(call('POST', '/api/v1/tenants', { token: tenant.owner, body: { tenant: 'another' } }), 403)
    await problem(call('GET', '/api/v1/tenants', { token: misspelt(masterToken), from: somewhere() }), 401)
  })

  test('a lease token is good for its attempt and for nothing else', async () => {
    const worker = await newWorker(tenant, 'leaseholder')
    const job = await startedJob(tenant, worker)
    expect(await problem(call('GET', '/api/v1/jobs', { token: job.lease }), 403)).toMatchObject({ code: 'forbidden' })
    expect(await problem(call('POST', `/api/v1/claims/${job.id + 1}/complete`, { token: job.lease, body: {} }), 403)).toMatchObject({
      code: 'forbidden',
    })
    expect(await problem(call('POST', `/api/v1/claims/${job.id}/complete`, { token: worker.token, body: {} }), 403)).toMatchObject({
      code: 'forbidden',
    })
    await json(call('POST', `/api/v1/claims/${job.id}/complete`, { token: job.lease, body: { result: 'yes' } }))
  })

  test('a token of one tenant sees nothing of another', async () => {
    const other = await newTenant()
    const worker = await newWorker(tenant, 'mine-alone')
    await problem(call('GET', `/api/v1/workers/${worker.worker_id}`, { token: other.owner }), 404)
    await problem(call('DELETE', `/api/v1/workers/${worker.worker_id}`, { token: other.owner }), 404)
  })
})

describe('rotation', () => {
  test('gives a new token through a view, and the old one stops at once', async () => {
    const worker = await newWorker(tenant, 'rotating')
    const rotated = await json<{ view_url: string }>(call('POST', `/api/v1/workers/${worker.worker_id}/rotate`, { token: tenant.owner }))
    await problem(call('GET', '/api/v1/whoami', { token: worker.token }), 401)
    const { token, name } = await redeem(rotated.view_url)
    expect(name).toBeNull()
    expect(await json(call('GET', '/api/v1/whoami', { token }))).toMatchObject({ id: worker.worker_id, name: 'rotating', kind: 'worker' })
  })

  test('works for members too', async () => {
    const body = { name: 'Rita', role: 'reviewer' }
    const member = await json<{ member_id: string; view_url: string }>(call('POST', '/api/v1/members', { token: tenant.owner, body }), 201)
    const before = await redeem(member.view_url)
    expect(before).toMatchObject({ kind: 'member', name: 'Rita', tenant: tenant.tenant })
    const rotated = await json<{ view_url: string }>(call('POST', `/api/v1/members/${member.member_id}/rotate`, { token: tenant.owner }))
    await problem(call('GET', '/api/v1/whoami', { token: before.token }), 401)
    expect(await json(call('GET', '/api/v1/whoami', { token: (await redeem(rotated.view_url)).token }))).toMatchObject({ role: 'reviewer' })
  })
})

describe('failed attempts', () => {
  const from = '203.0.113.77'
  const forged = 'mrk_acme_aaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbbbb_cccccccccccccccccccccccccc'

  test('from one address end in 429 with Retry-After, while a token in force passes from there', async () => {
    for (let at = 0; at < limits.auth_failures; at += 1) await problem(call('GET', '/api/v1/jobs', { token: forged, from }), 401)
    const limited = await call('GET', '/api/v1/jobs', { token: forged, from })
    expect(limited.status).toBe(429)
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await limited.json()).toMatchObject({ code: 'rate-limited', retryable: true })
    expect((await call('GET', '/nothing', { token: forged, from })).status).toBe(429)
    expect((await call('GET', '/api/v1/jobs', { token: tenant.owner, from })).status).toBe(200)
    expect((await call('GET', '/health', { from })).status).toBe(200)
    expect((await call('GET', '/api/v1/jobs', { token: forged, from: '203.0.113.78' })).status).toBe(401)
  })

  test('without any token are not attempts', async () => {
    for (let at = 0; at <= limits.auth_failures; at += 1) await problem(call('GET', '/api/v1/jobs', { from: '203.0.113.90' }), 401)
  })

  test('of a revoked token are limited by the token, whatever the address', async () => {
    const worker = await newWorker(tenant, 'stubborn')
    await json(call('DELETE', `/api/v1/workers/${worker.worker_id}`, { token: tenant.owner }))
    const asks = () => call('PUT', '/api/v1/presence', { token: worker.token, body: {}, from: somewhere() })
    for (let at = 0; at < limits.auth_failures; at += 1) expect((await asks()).status).toBe(401)
    expect((await asks()).status).toBe(429)
  })
})
