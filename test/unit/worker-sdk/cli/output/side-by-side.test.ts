/** Several workers at once: a column each where there is room, whatever they write and however wide the terminal becomes; prefixed lines else. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fitsSideBySide, SideBySide } from '../../../../../worker-sdk/src/cli/output/side-by-side.ts'
import { styleFor, wrapped } from '../../../../../worker-sdk/src/cli/output/style.ts'
import { httpServer, type HttpServer } from '../../support/http-server.ts'
import { jobOf } from '../../support/job.ts'
import { Stage, type Told } from '../stage.ts'
import { Terminal } from './terminal.ts'

const plain = styleFor(false, {})
const scene = (columns = 60, rows?: number) => {
  const terminal = new Terminal(columns, rows)
  return { terminal, both: new SideBySide(terminal, plain, ['anna', 'bert']) }
}
/** 28 columns each. */
const row = (left: string, right: string): string => `${left.padEnd(28)} │ ${right}`.trimEnd()

describe('side by side', () => {
  it('is for terminals with room, and a cursor that moves', () => {
    expect(fitsSideBySide(new Terminal(60), {}, 2)).toBe(true)
    expect(fitsSideBySide(new Terminal(51), {}, 2)).toBe(false)
    expect(fitsSideBySide(new Terminal(80), {}, 3)).toBe(true)
    expect(fitsSideBySide(new Terminal(80), {}, 4)).toBe(false)
    expect(fitsSideBySide(new Terminal(60), { TERM: 'dumb' }, 2)).toBe(false)
    expect(fitsSideBySide({ ...new Terminal(60), isTerminal: false } as never, {}, 2)).toBe(false)
    expect(fitsSideBySide(new Terminal(60), {}, 1)).toBe(false)
  })

  it('gives each worker its column, and draws a line that goes on in its place', () => {
    const { terminal, both } = scene()
    both.write('anna', 'one\ntw')
    both.write('bert', 'eins\n')
    expect(terminal.screen).toEqual([row('anna', 'bert'), row('one', 'eins'), row('tw', '')])
    both.write('anna', 'o\n')
    both.write('bert', 'zwei\ndrei')
    both.say('bert', '[job 3 done]')
    expect(terminal.screen).toEqual([row('anna', 'bert'), row('one', 'eins'), row('two', 'zwei'), row('', 'drei'), row('', '[job 3 done]')])
  })

  it('keeps every line of a worker that is far ahead, and the others go on beside its last', () => {
    const { terminal, both } = scene(60, 8)
    both.write('anna', Array.from({ length: 20 }, (_, index) => `line ${index}\n`).join(''))
    both.write('bert', 'first\n')
    expect(terminal.screen.slice(1).map((line) => line.slice(0, 8).trim())).toEqual(
      Array.from({ length: 20 }, (_, index) => `line ${index}`),
    )
    expect(terminal.screen.filter((line) => line.endsWith('first'))).toEqual([row('line 15', 'first')])
  })

  it('breaks long lines and counts wide characters, so that no row is wider than the terminal', () => {
    const { terminal, both } = scene()
    both.write('anna', `${'x'.repeat(70)}\n`)
    both.write('bert', `${'字'.repeat(20)}\n`)
    expect(terminal.screen.slice(1)).toEqual([
      row('x'.repeat(28), '字'.repeat(14)),
      row('x'.repeat(28), '字'.repeat(6)),
      row('x'.repeat(14), ''),
    ])
    both.write('anna', 'y'.repeat(5_000))
    expect(terminal.screen.length).toBeGreaterThan(70)
  })

  it('leaves nothing of what a worker would tell the terminal: no cursor, no title, no colour, also in pieces', () => {
    const { terminal, both } = scene()
    both.write('anna', '\u001B[2J\u001B[31mred\u001B[0m \u001B]0;title\u0007a\tb\n')
    both.write('bert', 'cut \u001B[')
    both.write('bert', '5;5Hhere\u009B2J\u202Eeno\n')
    expect(terminal.written).not.toMatch(/\[2J|\[31m|title|5;5H|\u202E|\u009B/)
    expect(terminal.screen[1]).toContain('red a  b')
    expect(terminal.screen[1]).toContain('cut here')
  })

  it('shows what a progress bar leaves standing', () => {
    const { terminal, both } = scene()
    both.write('anna', '10%\r50%\r')
    both.write('anna', '100%\r\ndone\r\n')
    expect(terminal.screen.slice(1)).toEqual([row('100%', ''), row('done', '')])
  })

  it('stands as it is once something else is written, and goes on below; also in another width', () => {
    const { terminal, both } = scene()
    both.write('anna', 'one\n')
    both.settle()
    terminal.write('[a word of ours]\n')
    both.write('bert', 'zwei\n')
    terminal.columns = 80
    both.write('anna', 'three\n')
    expect(terminal.screen).toEqual([
      row('anna', 'bert'),
      row('one', ''),
      '[a word of ours]',
      row('', 'zwei'),
      `${'anna'.padEnd(38)} │ bert`,
      `${'three'.padEnd(38)} │`,
    ])
  })
})

it('wraps by columns, not by characters', () => {
  expect(wrapped('', 3)).toEqual([''])
  expect(wrapped('abcdefg', 3)).toEqual(['abc', 'def', 'g'])
  expect(wrapped('字字a', 3)).toEqual(['字', '字a'])
})

describe('dispatch --to a --to b', () => {
  let server: HttpServer
  beforeEach(async () => {
    server = await httpServer()
  })
  afterEach(() => server.close())

  const event = (name: string, id: number, data: unknown): string => `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`
  const said = (worker: string, seq: number, text: string): string =>
    event('output', seq, { seq, attempt: 1, stream: 'stdout', text, job_id: worker === 'anna' ? 2 : 3, worker })
  const child = (worker: string, id: number, result: string): string =>
    event('child', id, { job_id: worker === 'anna' ? 2 : 3, worker, role: 'child', status: 'done', result, error: null })

  async function dispatch(columns: number): Promise<{ readonly told: Told; readonly terminal: Terminal }> {
    const children = ['anna', 'bert'].map((worker, index) => ({ job_id: index + 2, worker, status: 'running' }))
    const job = { ...jobOf({ status: 'done', result: 'both agree' }), kind: 'fan_out', children }
    server.handle = ({ path }, response) => {
      if (!path.endsWith('/stream')) return void response.setHeader('content-type', 'application/json').end(JSON.stringify(job))
      response.setHeader('content-type', 'text/event-stream')
      response.write(said('anna', 1, 'thinking\n') + said('bert', 2, 'ja\u001B[2J\n') + said('anna', 3, 'yes\n'))
      response.write(child('anna', 4, 'yes') + child('bert', 5, 'maybe') + event('merge', 6, { job_id: 4, worker: 'anna' }))
      response.end(event('end', 7, { status: 'done', result: 'both agree', error: null }))
    }
    const terminal = new Terminal(columns)
    const words = ['dispatch', 'x', '--to', 'anna', '--to', 'bert', '--server', server.url, '--token', 'mrk_x']
    const told = await new Stage().run(words, { change: { stderr: terminal, env: { NO_COLOR: '1' } } })
    return { told, terminal }
  }

  it('shows a column each where the terminal is wide enough, and the answer on standard output', async () => {
    const { told, terminal } = await dispatch(60)
    expect(told).toMatchObject({ code: 0, out: 'both agree\n' })
    const from = terminal.screen.indexOf(row('anna', 'bert'))
    expect(terminal.screen.slice(from, from + 6)).toEqual([
      row('anna', 'bert'),
      row('thinking', 'ja'),
      row('yes', 'maybe'),
      row('[job 2 done]', '[job 3 done]'),
      '[anna merges the answers]',
      expect.stringContaining('job 1 done'),
    ])
    expect(terminal.written).not.toContain('\u001B[2J')
  })

  it('shows lines with the name of the worker where it is not', async () => {
    const { terminal } = await dispatch(40)
    expect(terminal.screen).toEqual(expect.arrayContaining(['anna | thinking', 'bert | ja', 'bert | maybe', '[anna: job 2 done]']))
    expect(terminal.written).not.toContain('\u001B[1A')
  })
})
