/** Responsible for parsing the command line of `npm run bench --`: which benches, their size, the time limit, and the folder of the results. */
import { parseArgs } from 'node:util'
import { benchNames, isBench } from './benches.ts'
import type { BenchName } from './benches.ts'
import type { Scale } from './measure.ts'

export interface Request {
  readonly names: readonly BenchName[]
  readonly scale: Scale
  /** Folder of the raw values and REPORT.md; by default bench/results, or dist/bench for --quick. */
  readonly out: string | undefined
  /** Time limit of the whole run, in minutes. */
  readonly minutes: number
  readonly peers: boolean
}

export const usage = `npm run bench [-- NAME ... FLAGS]   measures this repository beside other queues, and writes a report

  NAME ...       which benches; without a name, all of them: about a quarter of an hour, 5 GB of temporary files
  --quick        everything small, in under three minutes: proves that the benches run, says nothing about speed
  --minutes N    end the run after N minutes; benches that have not ended by then are left out (default: 25)
  --out FOLDER   where raw values and REPORT.md go (default: bench/results; with --quick: dist/bench)
  --no-peers     leave BullMQ, pg-boss and graphile-worker out
  --list         what each bench asks, and how long it takes
  --help         show this

Benches: ${benchNames.join(', ')}.

The last lines name the missed targets and explain each. The exit code is 0 even when targets are missed, and 1 when a bench failed.
BullMQ runs when redis-server is installed, pg-boss and graphile-worker when PostgreSQL is; their npm packages are installed into bench/peers the
first time. Nothing else should run on the machine meanwhile. Ctrl-C stops everything and removes its files.`

export class UsageError extends Error {
  override name = 'UsageError'
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        minutes: { type: 'string', default: '25' },
        out: { type: 'string' },
        'no-peers': { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

export function requestOf(words: readonly string[]): Request | 'help' | 'list' {
  const { values, positionals } = parse(words)
  if (values.help) return 'help'
  if (values.list) return 'list'
  const unknown = positionals.filter((name) => !isBench(name))
  if (unknown.length > 0) {
    throw new UsageError(`There is no bench called ${unknown.map((name) => `'${name}'`).join(' or ')}. Benches: ${benchNames.join(', ')}.`)
  }
  const minutes = Number(values.minutes)
  if (!Number.isFinite(minutes) || minutes <= 0) throw new UsageError(`--minutes takes a number above 0, not '${values.minutes}'`)
  const chosen = benchNames.filter((name) => positionals.length === 0 || positionals.includes(name))
  return { names: chosen, scale: values.quick ? 'quick' : 'full', out: values.out, minutes, peers: !values['no-peers'] }
}
