/** Responsible for the tables of docs/explanation/scale.md: what the benches measured, the simulated tenants, and the platform's limits. The words around them are written by hand. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shortNumber } from '../../bench/report.ts'
import type { Kept } from '../../bench/report.ts'
import { counted, requestsPerJob, rowsPerJob } from './counted.ts'
import { platform } from './prices.ts'
import { jobsPerSecondByLimit, profile, simulateDay } from './simulation.ts'
import { dollars, spelled } from './usage.ts'

const begin = (name: string): string => `<!-- Made by \`npm run generate\` from tools/costs: ${name}. -->`
const end = '<!-- End of what is made. -->'

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

/** The results of this bench's last full run, in bench/results. */
function kept(root: string, name: string): Kept | undefined {
  const path = join(root, 'bench/results', `${name}.json`)
  if (!existsSync(path)) return undefined
  const found: Kept = JSON.parse(readFileSync(path, 'utf8'))
  return found.scale === 'full' && found.answer !== undefined ? found : undefined
}

/** Figures about the capacity of one object: the bench, the beginning of the figure's name, and its words on the page. */
const shown: readonly (readonly [bench: string, figure: string, words: string])[] = [
  ['throughput', 'ours, through the SDK, 100 at once', 'jobs of one tenant through the SDK, 100 at once'],
  ['throughput', 'ours, frames on one socket, 100 at once', 'the same over one socket, without the SDK'],
  ['sustained', 'ours, through the SDK, 100 at once', 'jobs dispatched and completed at the same time, for a minute'],
  ['http-calls', 'ours: dispatch', 'dispatches over HTTP, one by one'],
  ['start-latency', 'dispatch until the handler starts, socket, p50', 'from a dispatch until an idle worker on a socket starts'],
  ['deep-queue', 'the deep queue against the shallow one', 'a claim with a million jobs waiting, against a thousand'],
  ['long-history', 'dispatch with a history, against none', 'a dispatch with millions of finished jobs behind it, against none'],
  ['connected-workers', 'dispatch among many against few', 'a dispatch among 5,000 connected workers, against 10'],
]

function benchTable(root: string): string {
  const found = new Map(shown.map(([name]) => [name, kept(root, name)]))
  const [first] = [...found.values()].filter((each) => each !== undefined)
  if (first === undefined) return 'Not measured yet: `npm run bench` fills this table.'
  const rows = shown.map(([name, what, words]) => {
    const figure = found.get(name)?.answer?.figures.find((each) => each.what === what)
    return [words, figure === undefined ? 'not measured' : `${shortNumber(figure.value)} ${figure.unit === 'x' ? 'times' : figure.unit}`]
  })
  const { machine, at } = first
  return [
    table(['', 'measured'], rows),
    `Medians of ${at.slice(0, 10)} on ${machine.cores} cores (${machine.processor}), which run the clients, too. All of it: [REPORT.md](../../bench/results/REPORT.md).`,
  ].join('\n\n')
}

const perSecond = (value: number): string => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en'))
const days = (value: number): string => (value > 730 ? `${Math.round(value / 365)} years` : `${Math.round(value)} days`)

function tenantTable(): string {
  return table(
    [
      'tenants',
      'jobs a day',
      'of the largest',
      'its workers',
      'requests a second in the busiest object',
      'D1 rows a second',
      'one D1 database lasts',
      'a month costs',
    ],
    [1, 10, 100, 1_000, 10_000].map((tenants) => {
      const found = simulateDay(tenants)
      return [
        tenants.toLocaleString('en'),
        found.jobs.toLocaleString('en'),
        found.largest_jobs.toLocaleString('en'),
        found.largest_workers.toLocaleString('en'),
        perSecond(found.busiest_per_second),
        perSecond(found.d1_rows_per_second),
        days(found.d1_full_days),
        spelled(dollars(found.usage)),
      ]
    }),
  )
}

const written: Readonly<Record<keyof typeof counted.rows_by_step, string>> = {
  dispatch: 'job row, its place in the queue (one index), audit row; idempotency keys are written some hundred in one row',
  start: 'job row, its place (now: running, by deadline), audit row',
  complete: 'job row (an ended job has no place), audit row',
}

function rowTable(): string {
  const steps = Object.entries(counted.rows_by_step).map(([step, rows]) => [step, written[step as keyof typeof written], String(rows)])
  return table(['where', 'what is written', 'rows'], [...steps, ['', '**in the tenant object**', `**${rowsPerJob + counted.key_rows}**`]])
}

function limitTable(): string {
  const gb = 1e9
  const jobsInObject = Math.floor((platform.object_gb * gb) / profile.bytes_per_job / 1e6)
  const jobsInD1 = Math.floor((platform.d1_gb * gb) / profile.bytes_per_job / 1e6)
  return table(
    ['limit of the platform', 'value', 'ModelReins'],
    [
      [
        'requests a second to one object (soft)',
        platform.object_requests_per_second.toLocaleString('en'),
        `${requestsPerJob} per job when each is sent alone: ${Math.floor(jobsPerSecondByLimit)} jobs a second. A batch of frames is one request`,
      ],
      ['sockets of one object', platform.object_sockets.toLocaleString('en'), 'one per worker process; measured with 5,000'],
      ['storage of one object', `${platform.object_gb} GB`, `stores the finished jobs of a week: about ${jobsInObject} million jobs`],
      [
        'storage of one D1 database',
        `${platform.d1_gb} GB`,
        `stores the jobs of all tenants permanently: about ${jobsInD1} million jobs. Large deployments reach this limit first`,
      ],
      ['rows written', 'the bill', `${rowsPerJob + counted.key_rows} in the object and ${counted.d1_rows} in D1 per job: [cost](cost.md)`],
      ['upload, gzip', `${platform.upload_mib} MiB`, 'about a fifth of a MiB ([parts](../adr/0008-one-bundle.md))'],
    ],
  )
}

/** The page with its tables generated again. */
export function withScale(root: string, page: string): string {
  const tables: Readonly<Record<string, string>> = {
    'rows of one job': rowTable(),
    'what the benches measured': benchTable(root),
    'simulated tenants': tenantTable(),
    limits: limitTable(),
  }
  return Object.entries(tables).reduce((text, [name, made]) => {
    const [before, rest] = text.split(begin(name))
    const after = rest?.split(end)
    if (before === undefined || after === undefined || after.length < 2)
      throw new Error(`The page has no place for ${name}: ${begin(name)} ... ${end}`)
    return `${before}${begin(name)}\n\n${made}\n\n${end}${after.slice(1).join(end)}`
  }, page)
}
