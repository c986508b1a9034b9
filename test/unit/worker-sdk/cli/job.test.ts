/** `job ID` of a fan-out: what it shows of its children and its merge, what a retry sends, and which flags do not go together. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { Stage, type Told } from './stage.ts'

const found = {
  id: 4,
  kind: 'fan_out',
  parent_id: null,
  status: 'done',
  hold: null,
  prompt: 'Is this a bug?',
  effort: 'standard',
  priority: 0,
  context: 'none',
  capability: null,
  target: null,
  thread_id: null,
  provider: null,
  model: null,
  tags: [],
  networks: [],
  assigned_to: null,
  review_id: null,
  attempt: 0,
  max_attempts: 3,
  created_at: '2026-11-30T09:00:00.000Z',
  created_by: 'member:owner',
  started_at: '2026-11-30T09:00:00.000Z',
  ended_at: '2026-11-30T09:00:02.000Z',
  retry_at: null,
  exit_code: null,
  usage: null,
  error: null,
  output: '',
  output_truncated: false,
  result: 'yes',
  result_truncated: false,
  children: [
    { job_id: 5, worker: 'anna', status: 'done' },
    { job_id: 6, worker: 'bert', status: 'failed' },
  ],
  merge: {
    by: 'vote',
    answered: 1,
    failed: 1,
    missing: 0,
    degraded: false,
    job_id: null,
    counts: [{ answer: 'yes\nor so', count: 1, workers: ['anna'] }],
    note: 'No answer is JSON with the field "verdict": whole answers were counted.',
  },
}

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
  server.handle = (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(found))
})
afterEach(() => server.close())

const run = (...words: readonly string[]): Promise<Told> =>
  new Stage().run(['job', '4', ...words, '--server', server.url, '--token', 'mrk_x'])

it('shows the children, the merge and the votes of a fan-out, and no attempts', async () => {
  const { out } = await run()
  expect(out).toContain('children\tanna done, bert failed\n')
  expect(out).toContain('merge\tvote: 1 answered, 1 failed, 0 missing\n')
  expect(out).toMatch(/^votes\t1 yes.*or so \(anna\)$/m)
  expect(out).toMatch(/^note\tNo answer is JSON with the field "verdict"/m)
  expect(out).not.toContain('attempt')
})

it('retries all, or only what is named', async () => {
  const bodies = async (...words: readonly string[]): Promise<unknown> => {
    await run('--retry', ...words)
    const { body } = server.requests.find(({ method }) => method === 'POST') ?? {}
    server.requests.splice(0)
    return JSON.parse(body === undefined || body === '' ? '{}' : body)
  }
  expect(await bodies()).toEqual({})
  expect(await bodies('--what', 'merge')).toEqual({ what: 'merge' })
  expect(await bodies('--target', 'anna')).toEqual({ target: 'anna' })
  expect(await bodies('--any-worker')).toEqual({ target: null })
})

it('picks the answer of a child', async () => {
  const told = await run('--pick', '6')
  const { path, body } = server.requests.find(({ method }) => method === 'POST') ?? {}
  expect([path, JSON.parse(body ?? '{}')]).toEqual(['/api/v1/jobs/4/pick', { child_id: 6 }])
  expect(told.out).toBe('done\n')
})

it.each([
  [['--pick', 'anna'], '--pick'],
  [['--pick', '6', '--abort'], '--abort and --pick cannot be combined'],
  [['--retry', '--what', 'all'], '--what is one of children, merge'],
  [['--what', 'merge'], '--what goes with --retry'],
  [['--target', 'anna'], '--target goes with --retry'],
  [['--any-worker'], '--any-worker goes with --retry'],
  [['--retry', '--target', 'anna', '--any-worker'], '--target and --any-worker cannot be combined'],
  [['--children', '--retry'], '--children and --retry cannot be combined'],
  [['--why', '--retry'], '--why and --retry cannot be combined'],
])('sends nothing for %j', async (words, message) => {
  const told = await run(...words)
  expect([told.code, server.requests.length]).toEqual([64, 0])
  expect(told.err).toContain(message)
})
