/** `dispatch --fallback`: what is sent, what is refused before, and how a preview and a job say where it goes on. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { Stage, type Told } from './stage.ts'

const ahead = [{ step: 1, after: 'rate_limited', target: null, provider: 'codex', model: null, worker: 'bert' }]
const found = { would: 'queue', answer: 'It would be queued for anna.', code: null, hold: null, choices: [], workers: [], fallback: ahead }

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
  server.handle = (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(found))
})
afterEach(() => server.close())

const run = (...words: readonly string[]): Promise<Told> =>
  new Stage().run(['dispatch', 'x', '--dry-run', ...words, '--server', server.url, '--token', 'mrk_x'])
const sent = (): unknown => JSON.parse(server.requests.at(-1)?.body ?? '{}')

it('sends steps in their order, and none', async () => {
  const told = await run('--fallback', 'rate_limited:provider=codex,model=gpt-5', '--fallback', 'offline:target=bert')
  expect(sent()).toEqual({
    prompt: 'x',
    fallback: [
      { after: 'rate_limited', provider: 'codex', model: 'gpt-5' },
      { after: 'offline', target: 'bert' },
    ],
  })
  expect(told.out).toContain('after rate_limited\tcodex: bert')
  await run('--fallback', 'none')
  expect(sent()).toEqual({ prompt: 'x', fallback: [] })
})

it.each([
  ['codex', '--fallback must be AFTER:KEY=VALUE'],
  ['failed:codex', '--fallback must be AFTER:KEY=VALUE'],
  ['sometimes:provider=codex', '--fallback'],
  ['failed:colour=red', '--fallback'],
])('sends nothing that is wrong: %s', async (step, message) => {
  const told = await run('--fallback', step)
  expect([told.code, server.requests.length]).toEqual([64, 0])
  expect(told.err).toContain(message)
})
