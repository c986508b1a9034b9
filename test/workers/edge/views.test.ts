/** Says that a token is delivered once: opened by its key, erased when it is taken, and never found by guessing. */
import { parseViewUrl } from '@modelreins/contract'
import { env, listDurableObjectIds } from 'cloudflare:test'
import { beforeAll, describe, expect, test } from 'vitest'
import worker from '../../../src/index.ts'
import { call, json, newTenant, origin, problem, proofOf, redeem, type TestTenant } from './edge.ts'

let tenant: TestTenant
beforeAll(async () => {
  tenant = await newTenant()
})

let workers = 0
async function newView(): Promise<{ readonly url: string; readonly id: string }> {
  workers += 1
  const body = { name: `viewed-${workers}` }
  const made = await json<{ view_url: string; expires_at: string }>(
    call('POST', '/api/v1/workers/register', { token: tenant.owner, body }),
    201,
  )
  expect(Date.parse(made.expires_at) - Date.now()).toBeGreaterThan(23 * 3_600_000)
  return { url: made.view_url, id: parseViewUrl(made.view_url)?.id ?? '' }
}

const reveal = (id: string): Promise<Response> => call('POST', `/api/v1/views/${id}/reveal`, { body: {} })

describe('a view', () => {
  test('has an address of this service whose key is behind the #', async () => {
    const { url, id } = await newView()
    expect(url.startsWith(`${origin}/view/${id}#`)).toBe(true)
    expect(parseViewUrl(url)?.key).toHaveLength(43)
  })

  test('is burned neither by opening its page nor by looking at its head', async () => {
    const { url, id } = await newView()
    for (let opened = 0; opened < 3; opened += 1) await call('GET', `/view/${id}`)
    await call('HEAD', `/view/${id}`)
    await problem(call('GET', `/api/v1/views/${id}/reveal`), 405)
    expect((await redeem(url)).token).toMatch(/^mrw_/)
  })

  test('is revealed once; a second visit says when', async () => {
    const { url, id } = await newView()
    await redeem(url)
    const gone = await problem(reveal(id), 410)
    expect(gone.code).toBe('gone')
    expect(gone.detail).toMatch(/opened at \d{4}-\d\d-\d\dT/)
  })

  test('is won by exactly one of many who ask at once', async () => {
    const { id } = await newView()
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await reveal(id)).status))
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 410)])
  })

  test('is not burned by whoever knows its path alone, nor by a wrong proof', async () => {
    const { url, id } = await newView()
    const path = `/api/v1/views/${id}/reveal`
    const json = { 'content-type': 'application/json' }
    const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    const attempts: readonly { readonly body?: unknown; readonly headers?: Record<string, string> }[] = [
      {},
      { headers: elsewhere },
      { body: '{}', headers: { 'content-type': 'text/plain', ...elsewhere } },
      { body: '', headers: { ...json, ...elsewhere } },
      { body: {}, headers: { 'sec-fetch-site': 'cross-site' } },
      { body: {}, headers: { 'sec-fetch-site': 'same-site' } },
      { body: {}, headers: { origin: 'https://evil.example' } },
      { body: {}, headers: { origin: 'null' } },
      { body: { proof: proofOf('another key') } },
      { body: { proof: proofOf('another key') }, headers: { 'sec-fetch-site': 'same-origin' } },
    ]
    for (const attempt of attempts) {
      const answer = await call('POST', path, attempt)
      expect([JSON.stringify(attempt), answer.status < 400]).toEqual([JSON.stringify(attempt), false])
    }
    await problem(call('POST', path, { body: { proof: 'short' } }), 400)
    expect((await redeem(url)).token).toMatch(/^mrw_/)
  })

  test('is opened by the page of this origin, and by a program of before that sends no proof', async () => {
    const first = await newView()
    const key = parseViewUrl(first.url)?.key ?? ''
    const headers = { origin, 'sec-fetch-site': 'same-origin' }
    expect((await call('POST', `/api/v1/views/${first.id}/reveal`, { body: { proof: proofOf(key) }, headers })).status).toBe(200)
    const second = await newView()
    expect((await reveal(second.id)).status).toBe(200)
  })

  test('is opened by no program without a proof where the operator requires one', async () => {
    const { url, id } = await newView()
    const request = new Request<unknown, IncomingRequestCfProperties>(`${origin}/api/v1/views/${id}/reveal`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    const strict = { ...env, MODELREINS_VIEW_PROOF: 'required' }
    const answer = await worker.fetch(request, strict)
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([403, expect.stringContaining('`proof`')])
    expect((await redeem(url)).token).toMatch(/^mrw_/)
  })

  test('leaves an audit row that does not hold the token', async () => {
    const { url, id } = await newView()
    const { token } = await redeem(url)
    const rows = async (): Promise<readonly { readonly subject: string }[]> =>
      (await json<{ items: { subject: string }[] }>(call('GET', '/api/v1/audit?action=view.reveal&limit=200', { token: tenant.owner })))
        .items
    await expect.poll(rows, { timeout: 5_000 }).toContainEqual(expect.objectContaining({ subject: `view:${id}` }))
    expect(JSON.stringify(await rows())).not.toContain(token.split('_')[3])
  })
})

describe('a guessed id', () => {
  test('is not found, and wakes no object', async () => {
    const { id } = await newView()
    const before = (await listDurableObjectIds(env.TENANT)).length
    const mac = id.slice(-30)
    for (const guess of [
      `vw8evilevil${'a'.repeat(60)}`,
      id.replace(tenant.tenant, 'x'.repeat(tenant.tenant.length)),
      `${id.slice(0, -30)}${'b'.repeat(30)}`,
      `vw4evil${'a'.repeat(26)}a${mac}`,
    ]) {
      expect(await problem(reveal(guess), 404)).toMatchObject({ code: 'not-found' })
    }
    expect((await listDurableObjectIds(env.TENANT)).length).toBe(before)
  })

  test('that is no id at all is a 400', async () => {
    for (const guess of ['x', 'vw', '..%2f..', 'vw%00', 'V'.repeat(500)]) {
      expect((await problem(reveal(guess), 400)).issues?.map((issue) => issue.path)).toEqual(['view_id'])
    }
  })
})
