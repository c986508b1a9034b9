/** `schedules approve` and `revoke-approval`: what is shown before anybody says yes, and that the digest of exactly that is sent. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { Stage, type StageOptions, type Told } from './stage.ts'

const at = '2036-06-01T12:00:00.000Z'
const schedule = {
  schedule_id: 'sc4k2m9x7q',
  name: 'nightly',
  cron: '0 3 * * *',
  every: null,
  timezone: 'UTC',
  job: { prompt: 'Send\u001B[2J the report', capability: 'mail.send' },
  overlap: 'skip',
  paused: false,
  starts_at: null,
  ends_at: null,
  max_runs: null,
  owner: 'member:Otto',
  digest: 'd'.repeat(64),
  approvals: [{ by: 'member:Rita', at, expires_at: at, void: 'expired' }],
  next_runs: [at],
  last_runs: [],
}

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
  server.handle = (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(schedule))
})
afterEach(() => server.close())

const stage = (): Stage => new Stage()
const run = (on: Stage, words: readonly string[], options?: StageOptions): Promise<Told> =>
  on.run(['schedules', ...words, '--server', server.url, '--token', 'mrk_x'], options)
const sent = () => server.requests.map(({ method, path, body }) => [method, path, body === '' ? undefined : JSON.parse(body)])

it('shows the job and asks; a yes sends the digest of what was shown', async () => {
  const on = stage()
  const told = await run(on, ['approve', 'sc4k2m9x7q', '--expires-in', '7d'], { terminal: true, answers: ['y'] })
  expect(told.code).toBe(0)
  expect(told.err).toContain('nightly: 0 3 * * * UTC, created or last changed by member:Otto')
  expect(told.err).toContain('the report')
  expect(told.err).not.toContain('\u001B[2J')
  expect(on.asked).toEqual(['Approve schedule sc4k2m9x7q? Its jobs will then start without separate reviews.'])
  expect(sent()).toEqual([
    ['GET', '/api/v1/schedules/sc4k2m9x7q', undefined],
    ['POST', '/api/v1/schedules/sc4k2m9x7q/approve', { digest: schedule.digest, expires_in: 604_800 }],
  ])
  expect(told.out).toContain(`approved by member:Rita until ${at}, no longer valid: expired`)
})

it('sends nothing after a no, or where nobody can be asked', async () => {
  expect((await run(stage(), ['approve', 'sc4k2m9x7q'], { terminal: true, answers: ['n'] })).code).toBe(1)
  expect((await run(stage(), ['approve', 'sc4k2m9x7q'])).code).toBe(64)
  expect(sent().map(([method]) => method)).toEqual(['GET', 'GET'])
})

it('revokes', async () => {
  expect((await run(stage(), ['revoke-approval', 'sc4k2m9x7q'])).code).toBe(0)
  expect(sent()).toEqual([['DELETE', '/api/v1/schedules/sc4k2m9x7q/approval', undefined]])
})

it.each(['show', 'pause', 'run', 'runs', 'delete', 'approve', 'revoke-approval'])(
  '%s takes an id, and says where to find it',
  async (verb) => {
    const told = await run(stage(), [verb, 'Nightly report'])
    expect(told).toMatchObject({ code: 64, err: expect.stringContaining('"Nightly report" is not the id of a schedule') })
    expect(told.err).toContain('schedules')
    expect(sent()).toEqual([])
  },
)
