/** What a followed job wrote comes out as it was written: each stream where it belongs, and nothing twice. */
import type { Job, OutputChunk } from '@modelreins/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../../support/http-server.ts'
import { jobOf } from '../../support/job.ts'
import { Stage, type Told } from '../stage.ts'

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
})
afterEach(() => server.close())

const eventText = (event: string, id: number, data: unknown): string => `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`

/** `job 1 --follow` of a job that wrote these pieces and ended like this. */
function follow(pieces: readonly (readonly [OutputChunk['stream'], string])[], end: Partial<Job>, terminal = false): Promise<Told> {
  const job = jobOf({ status: 'done', ...end })
  server.handle = ({ path }, response) => {
    if (!path.endsWith('/stream')) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(job))
      return
    }
    response.setHeader('content-type', 'text/event-stream')
    for (const [seq, [stream, text]] of pieces.entries()) response.write(eventText('output', seq, { seq, attempt: 1, stream, text }))
    response.end(eventText('end', pieces.length, { status: job.status, result: job.result, error: job.error }))
  }
  const words = ['job', '1', '--follow', '--server', server.url, '--token', 'mrk_x']
  return new Stage().run(words, { terminal })
}

describe('a job that is followed into a file', () => {
  it('leaves there what it wrote to standard output, to the byte and once, and the rest beside it', async () => {
    const told = await follow(
      [
        ['stdout', 'hi'],
        ['stderr', 'err\n'],
        ['stdout', 'there\n'],
      ],
      { result: 'hithere' },
    )
    expect(told).toEqual({ code: 0, out: 'hithere\n', err: 'err\n' })
  })

  it('gets no line feed that the job did not write', async () => {
    expect((await follow([['stdout', 'no end of line']], { result: 'no end of line' })).out).toBe('no end of line')
  })

  it('has its result there too when that is something else, on a line of its own', async () => {
    expect((await follow([['stdout', 'working ...']], { result: 'a summary' })).out).toBe('working ...\na summary\n')
    expect((await follow([['stderr', 'aside']], { result: 'a summary' })).out).toBe('a summary\n')
  })

  it('gets nothing of what it wrote elsewhere, also when there is no result', async () => {
    expect(await follow([['stderr', 'broken\n']], { result: null })).toMatchObject({ out: '', err: 'broken\n' })
  })
})

it('ends the line for somebody who looks', async () => {
  expect((await follow([['stdout', 'no end of line']], { result: 'no end of line' }, true)).out).toBe('no end of line\n')
})
