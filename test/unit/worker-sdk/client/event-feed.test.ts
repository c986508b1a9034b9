/** Following the event feed through broken connections. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ServerResponse } from 'node:http'
import { Client } from '../../../../worker-sdk/src/client/index.ts'
import { Stage } from '../cli/stage.ts'
import { refuse } from '../support/control-plane.ts'
import { httpServer, type HttpServer } from '../support/http-server.ts'

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
})
afterEach(() => server.close())
const client = (): Client => new Client({ url: server.url, token: 'mrk_secret', retry: { baseMs: 1, capMs: 1 } })

const row = {
  at: '2026-01-02T03:04:05.678Z',
  actor: { kind: 'member', id: 'mb1', name: 'ada' },
  action: 'job.dispatch',
  subject: 'job:12',
  job_id: 12,
  worker_id: null,
  capability: null,
  risk_tier: null,
  digest: null,
  summary: 'priority 3',
}
const frame = (data: { readonly type: string; readonly seq?: number; readonly detail?: string }): string =>
  `${data.seq === undefined ? '' : `id: ${data.seq}\n`}event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const event = (seq: number): string => frame({ type: 'event', seq, ...row })
const begin = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(text)
}

/** One answer per connection; the last one says that the key has been revoked. */
function serve(...answers: readonly string[]): void {
  server.handle = (_, response, count) => {
    const text = answers[count - 1]
    if (text === undefined) return refuse(response, 'unauthorized', 'No such key.')
    begin(response, text)
    response.end()
  }
}

it('resumes after the last event, yields nothing twice, and ends when the key is refused', async () => {
  serve(frame({ type: 'open', seq: 10 }) + event(11), frame({ type: 'open', seq: 11 }) + event(11) + event(12))
  const seen: string[] = []
  const follow = async (): Promise<void> => {
    for await (const one of client().events({ noun: 'job' })) seen.push(one.type === 'presence' ? one.type : `${one.type} ${one.seq}`)
  }
  await expect(follow()).rejects.toMatchObject({ code: 'unauthorized' })
  expect(seen).toEqual(['open 10', 'event 11', 'open 11', 'event 12'])
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/api/v1/events?noun=job',
    '/api/v1/events?after=11&noun=job',
    '/api/v1/events?after=12&noun=job',
  ])
})

it('continues after a reset, skips frames of newer servers, and leaves the loop by the signal', async () => {
  const leave = new AbortController()
  serve(frame({ type: 'reset', seq: 40, detail: 'Events after 3 are too old.' }) + frame({ type: 'weather' }) + event(41))
  const seen: number[] = []
  const follow = async (): Promise<void> => {
    for await (const one of client().events({ after: 3 }, { signal: leave.signal })) {
      if (one.type !== 'presence') seen.push(one.seq)
      if (one.type === 'event') leave.abort(new Error('enough'))
    }
  }
  await expect(follow()).rejects.toThrow('enough')
  expect(seen).toEqual([40, 41])
  expect(server.requests).toHaveLength(1)
})

it('reports a server that was never reached, and one that never answers as an event feed', async () => {
  await expect(
    new Client({ url: 'http://127.0.0.1:1', retry: { attempts: 2, baseMs: 1, capMs: 1 } }).events().next(),
  ).rejects.toMatchObject({
    code: 'network',
  })
  server.handle = (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>portal</p>')
  await expect(client().events().next()).rejects.toMatchObject({ code: 'unexpected-response' })
})

it('is printed by the command: a line per event, the reset as a warning, the refusal as the end', async () => {
  serve(frame({ type: 'reset', seq: 40, detail: 'Events after 3 are too old, or of another history: fetch the state again.' }) + event(41))
  const told = await new Stage().run(['events', '--follow', '--after', '3', '--server', server.url, '--token', 'mrk_x'])
  expect(told.out).toBe('      41  03:04:05.678  job.dispatch          job:12        member:ada  priority 3\n')
  expect(told.err).toMatch(/^Events after 3 are too old, or of another history: fetch the state again\. Events after 40 follow\.\n/)
  expect(told.code).toBe(77)
})

it('needs --follow, and filters that the server takes', async () => {
  const stage = new Stage()
  expect(await stage.run(['events'])).toMatchObject({ code: 64, err: expect.stringContaining('events needs --follow') })
  const told = await stage.run(['events', '--follow', '--noun', 'Job'])
  expect(told).toMatchObject({ code: 64, err: expect.stringContaining('--noun: must be nouns separated by commas') })
})
