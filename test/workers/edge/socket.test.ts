/** The worker socket: who is let in, and that a connection cannot claim another identity. */
import { beforeAll, describe, expect, test } from 'vitest'
import { call, json, newTenant, newWorker, problem, type TestTenant, type TestWorker } from './edge.ts'

let tenant: TestTenant
let worker: TestWorker
beforeAll(async () => {
  tenant = await newTenant()
  worker = await newWorker(tenant, 'socketed')
})

const upgrade = (token: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  call('GET', '/api/v1/connect', { token, headers: { upgrade: 'websocket', ...headers } })

/** Says hello and answers with the first frame that comes back. */
async function greeted(
  response: Response,
  instance: string,
): Promise<{ readonly type: string; readonly worker?: { readonly worker_id: string } }> {
  const socket = response.webSocket
  if (socket === null) throw new Error(`no socket: ${response.status} ${await response.text()}`)
  socket.accept()
  const first = new Promise<string>((resolve) => {
    socket.addEventListener('message', (event) => resolve(String(event.data)), { once: true })
  })
  socket.send(JSON.stringify({ type: 'hello', instance }))
  const frame = JSON.parse(await first)
  socket.close(1000)
  return frame
}

describe('the socket', () => {
  test("opens for a worker's token", async () => {
    const response = await upgrade(worker.token)
    expect(response.status).toBe(101)
    expect(await greeted(response, 'one')).toMatchObject({ type: 'welcome', worker: { worker_id: worker.worker_id } })
  })

  test('believes the token, not a header from outside', async () => {
    const other = await newWorker(tenant, 'impersonated')
    const forged = JSON.stringify({ kind: 'worker', credential: other.token.split('_')[2], hash: 'x' })
    for (const header of [forged, '{"kind":"master"}', '{']) {
      const frame = await greeted(await upgrade(worker.token, { 'x-modelreins-credential': header }), 'two')
      expect(frame).toMatchObject({ type: 'welcome', worker: { worker_id: worker.worker_id } })
    }
  })

  test('is not for members, nor for leases', async () => {
    expect(await problem(upgrade(tenant.owner), 403)).toMatchObject({ code: 'forbidden' })
  })

  test('is closed to a revoked worker with the uniform 401', async () => {
    const revoked = await newWorker(tenant, 'gone')
    await json(call('DELETE', `/api/v1/workers/${revoked.worker_id}`, { token: tenant.owner }))
    const [refused, uniform] = [await problem(upgrade(revoked.token), 401), await problem(call('GET', '/api/v1/connect'), 401)]
    expect({ ...refused, instance: '' }).toEqual({ ...uniform, instance: '' })
  })
})
