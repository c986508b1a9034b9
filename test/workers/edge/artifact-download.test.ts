/** Says who gets a file, what exactly goes over the wire, and that nothing in it ever runs. */
import { env, listDurableObjectIds } from 'cloudflare:test'
import { createHash } from 'node:crypto'
import type { Artifact } from '@modelreins/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, masterToken, newTenant, newWorker, problem, redeem, startedJob, type TestTenant, type TestWorker } from './edge.ts'
import { misspelt } from '../../support/misspelt.ts'

let tenant: TestTenant
let worker: TestWorker
beforeAll(async () => {
  tenant = await newTenant()
  worker = await newWorker(tenant)
})

const upload = (query: string, body = 'hello', token = tenant.owner, type = 'text/plain'): Promise<Artifact> =>
  json<Artifact>(call('POST', `/api/v1/artifacts/upload${query}`, { token, body, headers: { 'content-type': type } }), 201)
const get = (url: string, headers: Readonly<Record<string, string>> = {}, token: string | undefined = tenant.owner): Promise<Response> =>
  call('GET', url, { token, headers })
const anonymously = (url: string, method = 'GET'): Promise<Response> => call(method, url)

const change = (slug: string, body: object, token = tenant.owner): Promise<Artifact> =>
  json<Artifact>(call('PATCH', `/api/v1/artifacts/${slug}`, { token, body }))

async function reader(): Promise<string> {
  const made = await json<{ view_url: string }>(
    call('POST', '/api/v1/members', { token: tenant.owner, body: { name: `Vera ${crypto.randomUUID()}`, role: 'viewer' } }),
    201,
  )
  return (await redeem(made.view_url)).token
}

/** Everything of a refusal but what differs from call to call. */
async function refusal(answer: Promise<Response>): Promise<unknown> {
  const response = await answer
  const { instance: _instance, ...document } = await response.json<Record<string, unknown>>()
  return [response.status, document, response.headers.get('www-authenticate'), response.headers.get('cache-control')]
}

describe('a file that is not shared', () => {
  test('is for members and workers of its tenant', async () => {
    const { url } = await upload('')
    for (const token of [tenant.owner, await reader(), worker.token]) expect((await get(url, {}, token)).status).toBe(200)
  })

  test('cannot be told from one that never was, without a token', async () => {
    const { url, slug } = await upload('')
    const expected = await refusal(anonymously(url))
    expect(JSON.stringify(expected)).toMatch(/^\[401,.*"code":"unauthorized"/)
    const random = slug.slice(0, -57)
    for (const made of [`${random}${'a'.repeat(57)}`, misspelt(slug), slug.toUpperCase(), 'x', 'ar4evil', `${slug}a`]) {
      expect(await refusal(anonymously(`/s/${made}`))).toEqual(expected)
    }
    expect((await anonymously(url, 'HEAD')).status).toBe(401)
    await json(call('DELETE', `/api/v1/artifacts/${slug}`, { token: tenant.owner }))
    expect(await refusal(anonymously(url))).toEqual(expected)
  })

  test('is not found by another tenant, by the master, or with a token that is forged', async () => {
    const { url } = await upload('')
    const stranger = await newTenant()
    expect(await problem(get(url, {}, stranger.owner), 404)).toMatchObject({ code: 'not-found' })
    const theirWorker = await newWorker(stranger)
    await problem(get(url, {}, theirWorker.token), 404)
    await problem(get(url, {}, masterToken), 403)
    await problem(get(url, {}, misspelt(tenant.owner)), 401)
    await json(call('DELETE', `/api/v1/workers/${theirWorker.worker_id}`, { token: stranger.owner }))
    await problem(get(url, {}, theirWorker.token), 401)
  })

  test('is read by a lease only when it belongs to its job', async () => {
    const { id, lease } = await startedJob(tenant, worker)
    const mine = await upload(`?job_id=${id}`)
    const other = await upload('')
    expect((await get(mine.url, {}, lease)).status).toBe(200)
    await problem(get(other.url, {}, lease), 404)
  })

  test('that was deleted is gone for whoever could read it', async () => {
    const { url, slug } = await upload('')
    await json(call('DELETE', `/api/v1/artifacts/${slug}`, { token: tenant.owner }))
    expect(await problem(get(url), 410)).toMatchObject({ detail: expect.stringMatching(/^It was deleted at \d{4}-/) })
    await expect.poll(() => env.ARCHIVE.head(`artifacts/${tenant.tenant}/${slug}`)).toBeNull()
    await problem(get(url), 410)
    await json(call('DELETE', `/api/v1/artifacts/${slug}`, { token: tenant.owner }))
    await problem(call('PATCH', `/api/v1/artifacts/${slug}`, { token: tenant.owner, body: { share: true } }), 410)
    await problem(get(misspelt(url)), 404)
  })
})

describe('a made-up slug', () => {
  test('wakes no object', async () => {
    const before = (await listDurableObjectIds(env.TENANT)).length
    await anonymously(`/s/ar8evilevil${'a'.repeat(57)}`)
    await get(`/s/ar8evilevil${'a'.repeat(57)}`)
    expect((await listDurableObjectIds(env.TENANT)).length).toBe(before)
  })
})

describe('a shared file', () => {
  test('is for everybody who has its address, until it is shared no more', async () => {
    const { url, slug } = await upload('?share=true', 'public words')
    expect(await (await anonymously(url)).text()).toBe('public words')
    expect((await get(url, {}, (await newTenant()).owner)).status).toBe(200)
    expect((await change(slug, { share: false })).share).toBe(false)
    await problem(anonymously(url), 401)
    await change(slug, { share: true })
    expect((await anonymously(url)).status).toBe(200)
  })

  test('is refused to a token that is not in force, all the same', async () => {
    const { url } = await upload('?share=true')
    await problem(get(url, {}, misspelt(tenant.owner)), 401)
  })

  test('is public no longer when its tenant is suspended', async () => {
    const other = await newTenant()
    const { url } = await upload('?share=true', 'x', other.owner)
    await json(call('POST', `/api/v1/tenants/${other.tenant}/suspend`, { token: masterToken, body: {} }))
    await problem(anonymously(url), 401)
  })

  test('sets no cookie, and lets caches ask before they answer for us', async () => {
    const { url } = await upload('?share=true')
    const response = await anonymously(url)
    expect(response.headers.get('cache-control')).toBe('public, no-cache')
    expect(response.headers.get('set-cookie')).toBeNull()
  })
})

describe('what goes over the wire', () => {
  test('is an attachment that no browser runs', async () => {
    const { url } = await upload('?filename=page.html', '<script>alert(1)</script>', tenant.owner, 'text/html')
    const { headers } = await get(url)
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': 'attachment; filename="page.html"',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'private, no-store',
    })
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toMatch(/(?:^|; )sandbox(?:;|$)/)
    expect(headers.get('set-cookie')).toBeNull()
  })

  test('is no script, style or module for a page of ours', async () => {
    for (const type of [
      'text/javascript',
      'application/javascript; charset=utf-8',
      'text/css',
      'application/wasm',
      'application/x-javascript',
      ...['1.0', '1.1', '1.2', '1.3', '1.4', '1.5'].map((version) => `text/javascript${version}`),
      'text/x-ecmascript',
      'text/jscript;charset=utf-8',
      'application/xslt+xml',
    ]) {
      const made = await upload('?filename=x', 'x', tenant.owner, type)
      expect(made.content_type).toBe(type)
      expect((await get(made.url)).headers.get('content-type')).toBe('application/octet-stream')
    }
  })

  test('has no header that a name or a type has smuggled in', async () => {
    const evil = 'x"; filename=evil.exe\r\nSet-Cookie: session=1\r\n\r\n<script>'
    const made = await upload(`?filename=${encodeURIComponent(evil)}&content_type=${encodeURIComponent('text/html\r\nX-Evil: 1')}`)
    const { headers } = await get(made.url)
    expect(headers.get('set-cookie')).toBeNull()
    expect(headers.get('x-evil')).toBeNull()
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="[^"\r\n]*"(?:; filename\*=UTF-8''[\w%.~!$&+^`|#-]*)?$/)
  })

  test('names the file in every script', async () => {
    const made = await upload(`?filename=${encodeURIComponent('naïve 文書.txt')}`)
    const disposition = (await get(made.url)).headers.get('content-disposition')
    expect(disposition).toBe(`attachment; filename="na_ve __.txt"; filename*=UTF-8''na%C3%AFve%20%E6%96%87%E6%9B%B8.txt`)
  })

  test('is told without its bytes by HEAD', async () => {
    const { url } = await upload('?filename=a.txt', 'hello')
    const response = await call('HEAD', url, { token: tenant.owner })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-length')).toBe('5')
    expect(response.headers.get('accept-ranges')).toBe('bytes')
    expect(await response.text()).toBe('')
  })

  test('is not sent again to who has it', async () => {
    const { url, sha256 } = await upload('', 'hello')
    const first = await get(url)
    expect(first.headers.get('etag')).toBe(`"${sha256}"`)
    expect(first.headers.get('repr-digest')).toBe(`sha-256=:${createHash('sha256').update('hello').digest('base64')}:`)
    const again = await get(url, { 'if-none-match': `W/"x", "${sha256}"` })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect((await get(url, { 'if-none-match': '"other"' })).status).toBe(200)
    const unseen = await call('GET', url, { headers: { 'if-none-match': `"${sha256}"` } })
    expect(unseen.status).toBe(401)
  })

  test('is the part that was asked for', async () => {
    const { url, sha256 } = await upload('', '0123456789')
    const part = async (range: string, more: Readonly<Record<string, string>> = {}) => {
      const response = await get(url, { range, ...more })
      return [response.status, response.headers.get('content-range'), await response.text()]
    }
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await part('bytes=-2')).toEqual([206, 'bytes 8-9/10', '89'])
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789'])
    expect(await part('bytes=0-99')).toEqual([206, 'bytes 0-9/10', '0123456789'])
    expect(await part('bytes=10-')).toEqual([416, 'bytes */10', ''])
    expect(await part('bytes=0-1,4-5')).toEqual([200, null, '0123456789'])
    expect(await part('bytes=2-4', { 'if-range': `"${sha256}"` })).toEqual([206, 'bytes 2-4/10', '234'])
    expect(await part('bytes=2-4', { 'if-range': '"older"' })).toEqual([200, null, '0123456789'])
  })

  test('takes no other method', async () => {
    const { url } = await upload('')
    const refused = await call('POST', url, { token: tenant.owner, body: {} })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('the list', () => {
  const list = (query: string, token = tenant.owner) =>
    json<{ items: Artifact[]; next_cursor: string | null }>(call('GET', `/api/v1/artifacts${query}`, { token }))

  test('is of a job, newest first, page by page', async () => {
    const { id } = await startedJob(tenant, worker)
    const made: string[] = []
    for (const name of ['a', 'b', 'c']) made.unshift((await upload(`?job_id=${id}&filename=${name}`)).slug)
    const first = await list(`?job_id=${id}&limit=2`)
    expect(first.items.map((one) => one.slug)).toEqual(made.slice(0, 2))
    const second = await list(`?job_id=${id}&limit=2&cursor=${first.next_cursor}`)
    expect(second).toMatchObject({ items: [{ slug: made[2] }], next_cursor: null })
    await problem(call('GET', '/api/v1/artifacts?cursor=x', { token: tenant.owner }), 400)
  })

  test('shows a worker what belongs to its jobs, and its own', async () => {
    const loner = await newWorker(tenant, 'loner')
    const { id } = await startedJob(tenant, worker)
    const input = await upload(`?job_id=${id}`, 'input')
    const own = await upload('', 'own', loner.token)
    expect((await list(`?job_id=${id}`, worker.token)).items.map((one) => one.slug)).toEqual([input.slug])
    expect((await list(`?job_id=${id}`, loner.token)).items).toEqual([])
    expect((await list('', loner.token)).items.map((one) => one.slug)).toEqual([own.slug])
  })

  test('never shows another tenant', async () => {
    await upload('?share=true')
    expect((await list('', (await newTenant()).owner)).items).toEqual([])
  })
})

describe('a change', () => {
  test('is a member’s, or that of the worker that uploaded it', async () => {
    const mine = await upload('', 'x', worker.token)
    expect((await change(mine.slug, { share: true }, worker.token)).share).toBe(true)
    expect((await change(mine.slug, { share: false })).share).toBe(false)
    const theirs = await upload('')
    await problem(call('PATCH', `/api/v1/artifacts/${theirs.slug}`, { token: worker.token, body: { share: true } }), 404)
    await problem(call('DELETE', `/api/v1/artifacts/${theirs.slug}`, { token: worker.token }), 404)
    await problem(call('DELETE', `/api/v1/artifacts/${theirs.slug}`, { token: await reader() }), 403)
    await problem(call('PATCH', `/api/v1/artifacts/${theirs.slug}`, { token: (await newTenant()).owner, body: { share: true } }), 404)
  })

  test('of the expiry is kept, and taken back', async () => {
    const { slug } = await upload('')
    expect(await change(slug, { expires_at: '2999-01-01T00:00:00Z' })).toMatchObject({
      expires_at: '2999-01-01T00:00:00.000Z',
      share: false,
    })
    expect(await change(slug, { expires_at: null })).toMatchObject({ expires_at: null })
    await problem(call('PATCH', `/api/v1/artifacts/${slug}`, { token: tenant.owner, body: { expires_at: '2001-01-01T00:00:00Z' } }), 400)
  })

  test('leaves an audit row with digest and size, each time', async () => {
    const { id } = await startedJob(tenant, worker)
    const made = await upload(`?job_id=${id}&filename=report.txt`, 'hello', worker.token)
    await change(made.slug, { share: true })
    await change(made.slug, { share: true })
    await change(made.slug, { share: false })
    await json(call('DELETE', `/api/v1/artifacts/${made.slug}`, { token: tenant.owner }))
    const rows = async () =>
      (
        await json<{ items: { action: string; subject: string }[] }>(call('GET', `/api/v1/audit?job_id=${id}`, { token: tenant.owner }))
      ).items.filter((row) => row.subject === `artifact:${made.slug}`)
    await expect.poll(async () => (await rows()).length, { timeout: 5_000 }).toBe(4)
    const found = (await rows()).toReversed()
    expect(found.map((row) => row.action)).toEqual(['artifact.upload', 'artifact.share', 'artifact.unshare', 'artifact.delete'])
    for (const row of found) {
      expect(row).toMatchObject({
        digest: made.sha256,
        worker_id: worker.worker_id,
        summary: expect.stringContaining('report.txt, 5 bytes'),
      })
    }
  })
})
