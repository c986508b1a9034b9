/** Says that an open stream of output ends with the right to read it, and a socket with its tenant, before whoever ended it is answered. */
import { describe, expect, test } from 'vitest'
import { call, json, masterToken, newTenant, newWorker, redeem, startedJob } from './edge.ts'

const decoder = new TextDecoder()

/** All that a viewer is told until the stream ends or breaks off. */
async function watch(id: number, token: string): Promise<{ readonly first: string; readonly rest: Promise<string> }> {
  const { body } = await call('GET', `/api/v1/jobs/${id}/stream`, { token })
  if (body === null) throw new Error('no stream')
  const reader = body.getReader()
  let first = ''
  while (!first.includes('before')) first += decoder.decode((await reader.read()).value)
  const rest = async (): Promise<string> => {
    let text = ''
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += decoder.decode(part.value)
      return `${text} ended`
    } catch {
      return `${text} broken off`
    }
  }
  return { first, rest: rest() }
}

describe('a stream of output', () => {
  test.each(['a key revoked', 'a key replaced', 'the tenant suspended'])(
    'ends at once with %s, without the end of the job',
    async (how) => {
      const tenant = await newTenant()
      const worker = await newWorker(tenant)
      const { id, lease } = await startedJob(tenant, worker)
      const say = (seq: number, text: string): Promise<Response> =>
        call('POST', `/api/v1/claims/${id}/output`, { token: lease, body: { chunks: [{ seq, stream: 'stdout', text }] } })
      await json(say(0, 'before'))
      const made = await json<{ member_id: string; view_url: string }>(
        call('POST', '/api/v1/members', { token: tenant.owner, body: { name: 'Vera', role: 'viewer' } }),
        201,
      )
      const vera = await watch(id, (await redeem(made.view_url)).token)
      const owner = await watch(id, tenant.owner)
      if (how === 'a key revoked') await json(call('DELETE', `/api/v1/members/${made.member_id}`, { token: tenant.owner }))
      else if (how === 'a key replaced')
        await json(call('POST', `/api/v1/members/${made.member_id}/rotate`, { token: tenant.owner, body: {} }))
      else await json(call('POST', `/api/v1/tenants/${tenant.tenant}/suspend`, { token: masterToken, body: {} }))
      const suspended = how === 'the tenant suspended'
      expect((await say(1, 'AFTER')).status).toBe(suspended ? 401 : 200)
      expect(await vera.rest).toBe(' ended')
      if (suspended) return expect(await owner.rest).toBe(' ended')
      await json(call('POST', `/api/v1/claims/${id}/complete`, { token: lease, body: { result: 'ok' } }))
      expect(await owner.rest).toMatch(/AFTER.* ended$/s)
    },
  )
})

test('a socket that has not said hello ends with its tenant, too', async () => {
  const tenant = await newTenant()
  const worker = await newWorker(tenant)
  const { webSocket } = await call('GET', '/api/v1/connect', { token: worker.token, headers: { upgrade: 'websocket' } })
  if (webSocket === null) throw new Error('no socket')
  webSocket.accept()
  const closed = new Promise<number>((resolve) => webSocket.addEventListener('close', ({ code }) => resolve(code)))
  await json(call('POST', `/api/v1/tenants/${tenant.tenant}/suspend`, { token: masterToken, body: {} }))
  expect(await closed).toBe(4003)
})
