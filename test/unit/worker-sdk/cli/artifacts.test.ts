/** `artifacts`: what is listed, what arrives, and that nothing is left of what does not match its digest. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { jobOf } from '../support/job.ts'
import { newFolder, Stage, type Told } from './stage.ts'

const content = 'a report\n'
const sha256 = createHash('sha256').update(content).digest('hex')
const brief = { slug: 'ar5localabc', url: '/s/ar5localabc', filename: 'my report.pdf', content_type: 'application/pdf', size_bytes: 48_213 }
const row = {
  ...brief,
  sha256,
  job_id: 12,
  review_id: null,
  share: false,
  created_by: 'worker:a',
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: null,
}

let server: HttpServer
let folder: string
beforeEach(async () => {
  server = await httpServer()
  folder = newFolder()
})
afterEach(() => server.close())

const run = (...words: readonly string[]): Promise<Told> => new Stage().run([...words, '--server', server.url, '--token', 'mrk_x'])
const answer = (value: unknown): void => {
  server.handle = (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}
const serve = (bytes: string, name = 'my report.pdf'): void => {
  server.handle = (_, response) =>
    response
      .setHeader('etag', `"${sha256}"`)
      .setHeader('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
      .end(bytes)
}

it('lists those of one job, as lines for programs and as JSON', async () => {
  answer({ items: [row], next_cursor: null })
  const told = await run('artifacts', '--job', '12')
  expect(told).toEqual({
    code: 0,
    out: 'ar5localabc\t12\t48213\t2026-01-01T00:00:00.000Z\tapplication/pdf\tmy report.pdf\n',
    err: '',
  })
  expect(server.requests.at(-1)?.path).toBe('/api/v1/artifacts?job_id=12')
  expect(JSON.parse((await run('artifacts', '--json')).out)).toEqual({ items: [row], next_cursor: null })
  expect((await run('artifacts', '--job', '0')).err).toContain('--job: ')
})

it('shows them with their job', async () => {
  answer(jobOf({ id: 12, status: 'done', artifacts: [brief] }))
  expect((await run('job', '12')).out).toContain('artifact\tar5localabc  my report.pdf (47 KiB)\n')
  expect(JSON.parse((await run('job', '12', '--json')).out)).toMatchObject({ artifacts: [brief] })
})

describe('a download', () => {
  it('goes into the file that was named, also over one that is there, or to standard output', async () => {
    serve(content)
    const path = join(folder, 'report.pdf')
    writeFileSync(path, 'old')
    expect(await run('artifacts', 'get', 'ar5localabc', '-o', path)).toEqual({ code: 0, out: `${path}\n`, err: '' })
    expect(readFileSync(path, 'utf8')).toBe(content)
    expect(await run('artifacts', 'get', `${server.url}/s/ar5localabc`, '--output', '-')).toEqual({ code: 0, out: content, err: '' })
    expect(readdirSync(folder)).toEqual(['report.pdf'])
  })

  it('is not written under a name that programs obey, unless that name is asked for', async () => {
    for (const name of ['.npmrc', 'Makefile', 'package.json']) {
      serve(content, name)
      const told = await run('artifacts', 'get', 'ar5localabc')
      expect(told).toMatchObject({ code: 64, out: '' })
      expect(told.err).toContain(`The file calls itself ${name}`)
      expect(await run('artifacts', 'get', 'ar5localabc', '-o', join(folder, name))).toMatchObject({ code: 0 })
    }
  })

  it('leaves nothing when it is not what its digest says, and what was there stays', async () => {
    serve('something else')
    const path = join(folder, 'report.pdf')
    const told = await run('artifacts', 'get', 'ar5localabc', '-o', path)
    expect(told).toMatchObject({ code: 69, out: '' })
    expect(told.err).toContain('does not match its digest')
    expect(readdirSync(folder)).toEqual([])
    writeFileSync(path, 'old')
    await run('artifacts', 'get', 'ar5localabc', '-o', path)
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect((await run('artifacts', 'get', 'ar5localabc', '-o', '-')).code).toBe(69)
  })

  it('leaves nothing when the connection breaks', async () => {
    server.handle = (_, response) => {
      response.setHeader('etag', `"${sha256}"`).setHeader('content-length', '1000')
      response.write('a rep', () => response.destroy())
    }
    const told = await run('artifacts', 'get', 'ar5localabc', '-o', join(folder, 'report.pdf'))
    expect(told).toMatchObject({ code: 69, out: '' })
    expect(told.err).toContain('did not arrive whole')
    expect(readdirSync(folder)).toEqual([])
  })

  it('is not written to a terminal', async () => {
    serve(content)
    const words = ['artifacts', 'get', 'ar5localabc', '-o', '-', '--server', server.url, '--token', 'mrk_x']
    expect(await new Stage().run(words, { terminal: true })).toMatchObject({ code: 64, out: '' })
  })
})
