/** Following a job's output through broken connections. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ServerResponse } from 'node:http'
import { Client } from '../../../../worker-sdk/src/client/index.ts'
import { answer, refuse } from '../support/control-plane.ts'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { jobOf } from '../support/job.ts'

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
})
afterEach(() => server.close())
const client = (): Client => new Client({ url: server.url, token: 'mrk_secret', retry: { baseMs: 1, capMs: 1 } })

const begin = (response: ServerResponse): void => void response.writeHead(200, { 'content-type': 'text/event-stream' })
const chunk = (seq: number, text: string): string =>
  `event: output\nid: ${seq}\ndata: ${JSON.stringify({ seq, attempt: 1, stream: 'stdout', text })}\n\n`
const end = 'event: end\ndata: {"status":"done","result":"42","error":null}\n\n'

async function follow(after?: number): Promise<string[]> {
  const seen: string[] = []
  for await (const event of client().stream(9, after === undefined ? {} : { after })) {
    seen.push(
      event.event === 'output'
        ? event.data.text
        : event.event === 'gap'
          ? `gap ${event.data.from}-${event.data.to}`
          : event.event === 'merge'
            ? `merge by ${event.data.worker}`
            : event.event === 'child'
              ? `child ${event.data.worker} ${event.data.status}`
              : `end ${event.data.status}`,
    )
  }
  return seen
}

it('yields chunks in order and returns after the end', async () => {
  server.handle = (_, response) => {
    begin(response)
    response.end(`: hello\n\n${chunk(0, 'a')}${chunk(1, 'b')}${end}`)
  }
  expect(await follow()).toEqual(['a', 'b', 'end done'])
  expect(server.requests[0]).toMatchObject({
    path: '/api/v1/jobs/9/stream',
    headers: { authorization: 'Bearer mrk_secret', accept: 'text/event-stream' },
  })
})

it('takes up a broken connection behind the last chunk, and yields nothing twice', async () => {
  server.handle = (_, response, count) => {
    begin(response)
    if (count === 1) {
      response.write(chunk(0, 'a') + chunk(1, 'b') + chunk(2, 'half').slice(0, 30))
      setTimeout(() => response.destroy(), 10)
    } else response.end(chunk(1, 'b') + chunk(2, 'c') + end)
  }
  expect(await follow()).toEqual(['a', 'b', 'c', 'end done'])
  expect(server.requests[1]).toMatchObject({ path: '/api/v1/jobs/9/stream?after=1', headers: { 'last-event-id': '1' } })
})

it('tells gaps, and goes on behind them', async () => {
  server.handle = (_, response, count) => {
    begin(response)
    if (count === 1) response.end('event: gap\ndata: {"from":0,"to":4}\n\n')
    else response.end(chunk(5, 'late') + end)
  }
  expect(await follow()).toEqual(['gap 0-4', 'late', 'end done'])
  expect(server.requests[1]?.path).toBe('/api/v1/jobs/9/stream?after=4')
})

it('begins behind the chunk that the caller names', async () => {
  server.handle = (_, response) => {
    begin(response)
    response.end(end)
  }
  await follow(11)
  expect(server.requests[0]?.path).toBe('/api/v1/jobs/9/stream?after=11')
})

it('throws what does not pass', async () => {
  server.handle = (_, response) => refuse(response, 'not-found')
  await expect(follow()).rejects.toMatchObject({ code: 'not-found' })
})

it('ends with the reason of a caller who leaves, and closes the connection', async () => {
  const closed = new Promise<void>((resolve) => {
    server.handle = (_, response) => {
      begin(response)
      response.write(chunk(0, 'a'))
      response.on('close', resolve)
    }
  })
  const controller = new AbortController()
  const seen: string[] = []
  const following = (async () => {
    for await (const event of client().stream(9, { signal: controller.signal })) {
      seen.push(event.event)
      controller.abort(new Error('enough'))
    }
  })()
  await expect(following).rejects.toThrow('enough')
  await closed
  expect(seen).toEqual(['output'])
})

it('closes the connection when the loop is left early', async () => {
  const closed = new Promise<void>((resolve) => {
    server.handle = (_, response) => {
      begin(response)
      response.write(chunk(0, 'a'))
      response.on('close', resolve)
    }
  })
  for await (const event of client().stream(9)) if (event.event === 'output') break
  await closed
})

it('dispatches and waits: answers the job as it ended', async () => {
  server.handle = (request, response) => {
    if (request.path === '/api/v1/dispatch') answer(response, 201, jobOf({ id: 9 }))
    else if (request.path.endsWith('/stream')) {
      begin(response)
      response.end(chunk(0, 'working') + end)
    } else answer(response, 200, jobOf({ id: 9, status: 'done', result: '42' }))
  }
  const events: string[] = []
  const job = await client().dispatchAndWait({ prompt: 'question' }, { onEvent: (event) => events.push(event.event) })
  expect(job).toMatchObject({ id: 9, status: 'done', result: '42' })
  expect(events).toEqual(['output', 'end'])
})

it('goes on after the cursor of a fan-out, whose events name their job', async () => {
  const said = (seq: number, cursor: string): string =>
    `event: output\nid: ${cursor}\ndata: {"job_id":3,"worker":"bert","seq":${seq},"attempt":1,"stream":"stdout","text":"${seq}"}\n\n`
  const child = 'event: child\nid: 3.e\ndata: {"job_id":3,"worker":"bert","role":"child","status":"done","result":"x","error":null}\n\n'
  server.handle = (_, response, count) => {
    begin(response)
    response.end(count === 1 ? said(0, '3.0') : said(1, '3.1') + child + end)
  }
  expect(await follow()).toEqual(['0', '1', 'child bert done', 'end done'])
  expect(server.requests[1]).toMatchObject({ path: '/api/v1/jobs/9/stream', headers: { 'last-event-id': '3.0' } })
})
