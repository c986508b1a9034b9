/** `jobs abort` and `jobs retry`: a filter that matches more jobs than one call takes is done whole, and what was done is said whole. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { Stage, type StageOptions, type Told } from './stage.ts'

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
const portion = (job_ids: readonly number[], remaining: number): unknown => ({ count: job_ids.length, dry_run: false, job_ids, remaining })

it('calls again while jobs are left, and says all of them', async () => {
  answer(portion([1, 2], 3), portion([3, 4], 1), portion([5], 0))
  expect(await run(['jobs', 'abort', '--all', '--yes'])).toMatchObject({ code: 0, out: '1\n2\n3\n4\n5\n' })
  expect(server.requests).toHaveLength(3)
  answer(portion([1, 2], 1), portion([3], 0))
  expect(JSON.parse((await run(['jobs', 'abort', '--all', '--yes', '--json'])).out)).toEqual(portion([1, 2, 3], 0))
  answer({ count: 3, dry_run: true, job_ids: [1, 2], remaining: 3 }, portion([1, 2], 1), portion([3], 0))
  const told = await run(['jobs', 'abort', '--thread', 'r42'], { terminal: true, answers: ['y'] })
  expect(told).toMatchObject({ code: 0, out: expect.stringContaining('aborted 3 jobs: 1, 2, 3') })
})

it('stops when a call did nothing, and when as many were retried as had failed at first', async () => {
  answer(portion([1], 2), portion([], 2))
  expect(await run(['jobs', 'abort', '--all', '--yes'])).toMatchObject({ code: 0, out: '1\n' })
  expect(server.requests).toHaveLength(2)
  answer(portion([1, 2], 2))
  expect(await run(['jobs', 'retry', '--thread', 'r42', '--yes'])).toMatchObject({ code: 0, out: '1\n2\n1\n2\n' })
  expect(server.requests).toHaveLength(4)
})

it('refuses a class of error that is not known and found nothing, and says which are', async () => {
  const nothing = { items: [], next_cursor: null, count: 0, dry_run: true, job_ids: [], remaining: 0 }
  answer(nothing)
  for (const words of [['jobs'], ['jobs', '--json'], ['jobs', 'abort'], ['jobs', 'retry']]) {
    const told = await run([...words, '--error', 'workerlost'])
    expect(told, words.join(' ')).toMatchObject({ code: 64, out: '' })
    expect(told.err).toContain('--error workerlost: no job ended with this class of error; did you mean worker_lost?')
    expect(told.err).toContain('known classes: spawn_failed, auth_failed')
  }
  expect(await run(['jobs', '--error', 'worker_lost'])).toMatchObject({ code: 0, err: '' })
  // A worker may give its errors a class of its own.
  answer(portion([7], 0))
  expect(await run(['jobs', 'retry', '--error', 'quota_of_ours', '--yes'])).toMatchObject({ code: 0, out: '7\n' })
})
