/** `threads`, `thread ID` and `threads delete`: what is asked of the server, what is shown, and that nothing is erased without a word of consent. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { Stage, type StageOptions, type Told } from './stage.ts'

const row = {
  thread_id: 'r42',
  title: 'Release 42',
  archived: false,
  defaults: { effort: 'deep', target: 'anna' },
  jobs: 3,
  running: 1,
  workers: ['anna', 'bert'],
  members: ['member:Olga'],
  created_at: '2026-01-01T00:00:00.000Z',
  last_activity: '2026-01-02T00:00:00.000Z',
}
const deleted = { thread_id: 'r42', erased_jobs: 3, aborted: [7], complete: true, deleted_at: '2026-01-03T00:00:00.000Z' }

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
})
afterEach(() => server.close())

const run = (words: readonly string[], options?: StageOptions): Promise<Told> =>
  new Stage().run([...words, '--server', server.url, '--token', 'mrk_x'], options)
const answer = (...values: readonly unknown[]): void => {
  const left = [...values]
  server.handle = (_, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(left.length > 1 ? left.shift() : left[0]))
}
const asked = (): readonly string[] => server.requests.map(({ method, path }) => `${method} ${path}`)

it('lists threads with who takes part, filtered', async () => {
  answer({ items: [row], next_cursor: '5.1' })
  const told = await run([
    'threads',
    '--text',
    'release',
    '--worker',
    'anna',
    '--member',
    'Olga',
    '--running',
    '--since',
    '2026-01-01T00:00:00Z',
  ])
  expect(told).toMatchObject({ code: 0, out: 'r42\t3\t1\t2026-01-02T00:00:00.000Z\tanna,bert\tOlga\tRelease 42\n' })
  expect(asked()).toEqual([
    'GET /api/v1/threads?text=release&worker=anna&member=Olga&running=true&active_since=2026-01-01T00%3A00%3A00.000Z',
  ])
  expect(JSON.parse((await run(['threads', '--json'])).out)).toEqual({ items: [row], next_cursor: '5.1' })
  expect(await run(['threads', '--since', 'yesterday'])).toMatchObject({ code: 64, err: expect.stringContaining('--since takes a time') })
})

it('says when older turns cannot be read', async () => {
  answer({ ...row, turns: [], archive: 'unavailable', next_cursor: null })
  expect((await run(['thread', 'r42'])).err).toContain('Older turns could not be read from the archive now')
})

it('sets one default and keeps the others, or forgets them', async () => {
  answer({ ...row, turns: [], next_cursor: null }, row)
  await run(['thread', 'r42', '--default-mode', 'local'])
  expect(asked()).toEqual(['GET /api/v1/threads/r42?limit=1', 'PATCH /api/v1/threads/r42'])
  expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toEqual({ defaults: { effort: 'deep', target: 'anna', mode: 'local' } })
  await run(['thread', 'r42', '--no-defaults', '--default-mode', 'cloud'])
  expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toEqual({ defaults: { mode: 'cloud' } })
  await run(['thread', 'r42', '--no-defaults'])
  expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toEqual({ defaults: {} })
})

it('erases a thread only when somebody says so', async () => {
  answer(deleted)
  expect(await run(['threads', 'delete', 'r42', '--yes', '--abort'])).toEqual({ code: 0, out: '', err: '' })
  expect(asked()).toEqual(['DELETE /api/v1/threads/r42?abort=true'])
  expect(JSON.parse((await run(['threads', 'delete', 'r42', '--yes', '--json'])).out)).toEqual(deleted)
  answer({ ...row, turns: [], next_cursor: null })
  expect(await run(['threads', 'delete', 'r42'])).toMatchObject({ code: 64, err: expect.stringContaining('--yes') })
  const refused = await run(['threads', 'delete', 'r42'], { terminal: true, answers: ['n'] })
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('nothing was erased') })
  expect(asked().filter((one) => one.startsWith('DELETE'))).toHaveLength(2)
  answer({ ...row, turns: [], next_cursor: null }, { ...deleted, complete: false })
  const confirmed = await run(['threads', 'delete', 'r42'], { terminal: true, answers: ['y'] })
  expect(confirmed.err).toContain('3 jobs erased (1 job aborted for it)')
  expect(confirmed.err).toContain('Erasing continues in the background')
})

it('says with which flag a thread is deleted whose jobs have not ended', async () => {
  const problem = {
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    code: 'conflict',
    retryable: false,
    detail: '1 job of the thread has not ended: 7.',
  }
  server.handle = (request, response) =>
    request.method === 'DELETE'
      ? response.writeHead(409, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
      : response.setHeader('content-type', 'application/json').end(JSON.stringify({ ...row, turns: [], next_cursor: null }))
  const told = await run(['threads', 'delete', 'r42', '--yes'])
  expect(told.code).not.toBe(0)
  expect(told.err).toContain('threads delete r42 --abort')
})
