/** Says what the edge makes of failures that no test can provoke in the real parts: a bug, a registry that is away, a Worker without its secret. */
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { TenantGate } from '../../../durable-objects/tenant/call.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import { sign } from '../../../src/domain/access/token.ts'
import { createApp } from '../../../src/edge/app.ts'
import type { EdgePorts, RegistryPort } from '../../../src/edge/ports.ts'
import { keysOf } from '../../../src/edge/access/signing-keys.ts'

const secret = 'k:a secret that is longer than thirty-two characters'
const keys = keysOf(secret)
if ('reason' in keys) throw new Error(keys.reason)
const token = sign(`mrk_acme_${'c'.repeat(16)}_${'s'.repeat(52)}`, keys[0])

const away = async () => fail('unavailable', 'The registry (D1) is temporarily unavailable.', { retry_after_ms: 2_000 })
const registryAway = {
  tenants: { create: away, list: away, setSuspended: away },
  jobs: { get: away, list: away, turns: away },
  audit: { query: away, range: away },
  heads: { list: away, range: away },
} as unknown as RegistryPort

let now = 1_800_000_000_000
beforeEach(() => {
  now += 60_000
})

interface Setting {
  readonly gate?: Partial<Record<keyof TenantGate, (...args: never[]) => unknown>>
  readonly env?: Partial<Env>
}

function ask(path: string, { gate = {}, env = {} }: Setting = {}, init: RequestInit = {}): Promise<Response> {
  const ports: EdgePorts = {
    tenant: () => gate as unknown as TenantGate,
    jobStream: () => {
      throw new Error('not asked here')
    },
    registry: () => registryAway,
    now: () => now,
    random: (bytes) => new Uint8Array(bytes),
    version: '1.2.3',
  }
  const request = new Request(`https://reins.example${path}`, { headers: { authorization: `Bearer ${token}` }, ...init })
  return createApp(ports).fetch(request, { MODELREINS_SECRET: secret, ...env } as Env)
}

describe('a bug', () => {
  test('is a 500 that tells nothing but the request id, under which it is logged once', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const perform = async (): Promise<never> => {
      throw new TypeError('the password is swordfish')
    }
    const response = await ask('/api/v1/whoami', { gate: { perform } })
    expect(response.status).toBe(500)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ code: 'internal', instance: response.headers.get('x-request-id') })
    expect(text).not.toContain('swordfish')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(logged).toHaveBeenCalledTimes(1)
    expect(logged.mock.calls[0]?.[0]).toContain(response.headers.get('x-request-id'))
    expect(logged.mock.calls[0]?.[0]).not.toContain(token)
    logged.mockRestore()
  })
})

describe('without the registry', () => {
  const live = { items: [{ id: 7 }], next_cursor: null }

  test('jobs are listed as far as the tenant object has them', async () => {
    const response = await ask('/api/v1/jobs', { gate: { perform: async () => ok(live) } })
    expect([response.status, await response.json()]).toEqual([200, live])
  })

  test('a thread has the turns that the tenant object has, and says that older ones are missing', async () => {
    const kept = { thread_id: 't', turns: [{ job_id: 7 }], next_cursor: null }
    const response = await ask('/api/v1/threads/t', { gate: { perform: async () => ok(kept) } })
    expect([response.status, await response.json()]).toEqual([200, { ...kept, archive: 'unavailable' }])
  })

  test('what only the registry has is unavailable, and says when to come back', async () => {
    const gate = { authorize: async () => ok({ kind: 'member', id: 'mb1', name: 'Olga' }) }
    const response = await ask('/audit', { gate })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2'])
  })

  test('a job that the object does not have may exist: that is not a 404', async () => {
    const response = await ask('/jobs/7', { gate: { perform: async () => fail('not-found', 'There is no job 7.') } })
    expect(response.status).toBe(503)
  })

  test('health is degraded and still answers', async () => {
    const response = await ask('/health')
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'degraded', version: '1.2.3', checks: expect.objectContaining({ registry: 'down' }) }),
    ])
  })
})

describe('a Worker without its secret', () => {
  test.each(['', 'a:short', 'nonsense'])('%j lets nobody in, says so in its log and not to callers', async (broken) => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const response = await ask('/api/v1/jobs', { env: { MODELREINS_SECRET: broken } })
    expect(response.status).toBe(503)
    expect(await response.text()).not.toContain('MODELREINS_SECRET')
    expect(String(logged.mock.calls[0]?.[0])).toContain('MODELREINS_SECRET')
    logged.mockRestore()
    expect((await ask('/health', { env: { MODELREINS_SECRET: broken } })).status).toBe(200)
  })

  test("an empty or short master token is nobody's token", async () => {
    for (const master of ['', 'short-master-token', undefined]) {
      const init = { headers: { authorization: `Bearer ${master ?? 'undefined'}` } }
      const env = { MODELREINS_MASTER_TOKEN: master } as Partial<Env>
      expect((await ask('/api/v1/tenants', { env }, init)).status).toBe(401)
    }
  })
})

describe('a retryable fault', () => {
  const interrupted = (times: number, then: unknown) => {
    let calls = 0
    return {
      calls: () => calls,
      perform: async () => {
        calls += 1
        if (calls <= times) throw Object.assign(new Error('reset because its code was updated'), { retryable: true })
        return then
      },
    }
  }

  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined)
  })

  test('is invisible to a read and to a dispatch with an idempotency key', async () => {
    const read = interrupted(1, ok({ server_time: 'now' }))
    expect((await ask('/api/v1/whoami', { gate: { perform: read.perform } })).status).toBe(200)
    const keyed = interrupted(1, { ...ok({ id: 1 }), replayed: true })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': 'once' }
    const response = await ask('/dispatch', { gate: { perform: keyed.perform } }, { method: 'POST', headers, body: '{"prompt":"x"}' })
    expect([response.status, keyed.calls()]).toEqual([200, 2])
  })

  test('is invisible to the deletion of a thread with a key, which has no body, and told to one without', async () => {
    for (const [key, expected] of [
      [{ 'idempotency-key': 'once' }, [200, 2]],
      [{}, [503, 1]],
    ] as const) {
      const deletion = interrupted(1, ok({ thread_id: 't' }))
      const headers = { authorization: `Bearer ${token}`, ...key }
      const response = await ask('/api/v1/threads/t', { gate: { perform: deletion.perform } }, { method: 'DELETE', headers })
      expect([response.status, deletion.calls()]).toEqual(expected)
    }
  })

  test('is told to a dispatch without one, which would else run twice', async () => {
    const bare = interrupted(1, ok({ id: 1 }))
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await ask('/dispatch', { gate: { perform: bare.perform } }, { method: 'POST', headers, body: '{"prompt":"x"}' })
    expect([response.status, bare.calls()]).toEqual([503, 1])
    expect(await response.json()).toMatchObject({ code: 'unavailable', retryable: true })
  })
})
