/** Says what each verb of a lease may still do once its attempt, its token, its worker or its tenant has ended: one table. */
import { expect, test } from 'vitest'
import { call, json, masterToken, newTenant, newWorker, startedJob, type TestTenant, type TestWorker } from './edge.ts'

interface Scene {
  readonly tenant: TestTenant
  readonly worker: TestWorker
  readonly id: number
  readonly lease: string
  /** A file of the job, uploaded while the attempt ran. */
  readonly slug: string
}

async function scene(): Promise<Scene> {
  const tenant = await newTenant()
  const worker = await newWorker(tenant, 'anna')
  const { id, lease } = await startedJob(tenant, worker)
  await json(
    call('POST', `/api/v1/claims/${id}/output`, { token: lease, body: { chunks: [{ seq: 0, stream: 'stdout', text: 'before' }] } }),
  )
  const { slug } = await json<{ slug: string }>(call('POST', '/api/v1/artifacts/upload?filename=a', { token: lease, body: 'bytes' }), 201)
  return { tenant, worker, id, lease, slug }
}

const verbs: Readonly<Record<string, (at: Scene) => Promise<Response>>> = {
  start: ({ id, lease }) => call('POST', `/api/v1/claims/${id}/start`, { token: lease, body: {} }),
  output: ({ id, lease }) =>
    call('POST', `/api/v1/claims/${id}/output`, { token: lease, body: { chunks: [{ seq: 1, stream: 'stdout', text: 'AFTER' }] } }),
  authorize: ({ id, lease }) =>
    call('POST', `/api/v1/claims/${id}/authorize`, { token: lease, body: { capability: 'email.triage', action: { to: 'all' } } }),
  upload: ({ lease }) => call('POST', '/api/v1/artifacts/upload?filename=b', { token: lease, body: 'AFTER' }),
  download: ({ lease, slug }) => call('GET', `/s/${slug}`, { token: lease }),
  share: ({ lease, slug }) => call('PATCH', `/api/v1/artifacts/${slug}`, { token: lease, body: { share: true } }),
  delete: ({ lease, slug }) => call('DELETE', `/api/v1/artifacts/${slug}`, { token: lease }),
  fail: ({ id, lease }) => call('POST', `/api/v1/claims/${id}/fail`, { token: lease, body: { error: { type: 'x', message: 'AFTER' } } }),
  complete: ({ id, lease }) => call('POST', `/api/v1/claims/${id}/complete`, { token: lease, body: { result: 'AFTER' } }),
}

interface End {
  readonly by: (at: Scene) => Promise<unknown>
  /** What each verb is answered; what is not named is refused with this. */
  readonly refused: number
  readonly except?: Readonly<Record<string, number>>
}

const owner = (at: Scene, method: string, path: string, body?: unknown): Promise<unknown> =>
  json(call(method, path, { token: at.tenant.owner, body: body ?? {} }))
const rotate =
  (more: object) =>
  async (at: Scene): Promise<unknown> =>
    owner(at, 'POST', `/api/v1/workers/${at.worker.worker_id}/rotate`, more)

/** The attempt goes on: a right that has not ended. */
const goesOn = Object.fromEntries(Object.keys(verbs).map((verb) => [verb, 200]))

const ends: Readonly<Record<string, End>> = {
  abort: { by: (at) => owner(at, 'POST', `/api/v1/jobs/${at.id}/abort`), refused: 409, except: { download: 404 } },
  done: {
    by: (at) => json(call('POST', `/api/v1/claims/${at.id}/complete`, { token: at.lease, body: { result: 'first' } })),
    refused: 409,
    // Said again, since its answer may be lost: nothing changes.
    except: { download: 404, complete: 200 },
  },
  'killswitch 3': { by: (at) => owner(at, 'POST', '/api/v1/killswitch', { level: 3 }), refused: 409, except: { download: 404 } },
  'killswitch 4': { by: (at) => owner(at, 'POST', '/api/v1/killswitch', { level: 4 }), refused: 409, except: { download: 404 } },
  pause: {
    by: (at) => owner(at, 'POST', `/api/v1/workers/${at.worker.worker_id}/pause`),
    refused: 409,
    except: { ...goesOn, upload: 201 },
  },
  rotate: { by: rotate({}), refused: 401 },
  'rotate, keep_running': { by: rotate({ keep_running: true }), refused: 409, except: { ...goesOn, upload: 201 } },
  revoke: {
    by: (at) => json(call('DELETE', `/api/v1/workers/${at.worker.worker_id}`, { token: at.tenant.owner })),
    refused: 401,
  },
  suspend: {
    by: (at) => json(call('POST', `/api/v1/tenants/${at.tenant.tenant}/suspend`, { token: masterToken, body: {} })),
    refused: 401,
  },
}

/** Verbs that end an attempt which goes on: each of them comes on a job of its own. */
const ending = ['fail', 'complete']

test.each(Object.entries(ends))('after %s', async (name, end) => {
  const found: Record<string, number> = {}
  for (const last of ending) {
    const at = await scene()
    await end.by(at)
    for (const [verb, say] of Object.entries(verbs)) if (!ending.includes(verb) || verb === last) found[verb] = (await say(at)).status
    if (name === 'suspend') await json(call('POST', `/api/v1/tenants/${at.tenant.tenant}/resume`, { token: masterToken, body: {} }))
    const shown = await call('GET', `/api/v1/jobs/${at.id}`, { token: at.tenant.owner })
    if (end.except?.['output'] !== 200) expect(await shown.text()).not.toContain('AFTER')
  }
  const wanted = Object.fromEntries(Object.keys(verbs).map((verb) => [verb, end.except?.[verb] ?? end.refused]))
  // Output is refused by the job's own object, which knows that the attempt has ended and not by what.
  expect(found).toEqual(end.refused === 401 && name !== 'suspend' ? { ...wanted, output: 409 } : wanted)
})
