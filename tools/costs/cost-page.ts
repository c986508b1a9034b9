/** Responsible for docs/explanation/cost.md: counted operations times list prices. */
import { counted, rowsPerJob } from './counted.ts'
import { messagesPerRequest, objectGb, prices } from './prices.ts'
import { dashboard, idleWorker, longJobs, shortJobs } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'
import { dollars, entries, spelled, sum } from './usage.ts'
import type { Priced } from './prices.ts'

const words: Readonly<Record<Priced, string>> = {
  worker_request: 'request to the Worker',
  object_request: 'request to an object',
  object_row_written: 'row written in an object',
  d1_row_written: 'row written in D1',
  d1_row_read: 'row read in D1',
  gb_second: 'GB-second of an object that works or cannot sleep',
  r2_write: 'write to R2',
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

/** What makes up most of it. */
const mostly = ({ usage }: Scenario): string => {
  const parts = entries(usage)
    .map(([name, count]) => ({ name, price: count * prices[name] }))
    .toSorted((left, right) => right.price - left.price)
  const [first] = parts
  return first === undefined ? '' : `${words[first.name]} (${Math.round((first.price / dollars(usage)) * 100)} %)`
}

const scenarioTable = (scenarios: readonly Scenario[]): string =>
  table(
    ['', 'dollars', 'most of it', 'how'],
    scenarios.map((scenario) => [scenario.what, spelled(dollars(scenario.usage)), mostly(scenario), scenario.how]),
  )

const totalOf = (scenarios: readonly Scenario[], begin: string): string =>
  spelled(dollars(sum(...scenarios.filter(({ what }) => what.startsWith(begin)).map(({ usage }) => usage))))

/** In percent of what ours costs. */
function shareOf(scenarios: readonly Scenario[], what: string): string {
  const ours = scenarios.filter((scenario) => scenario.what.startsWith('ours'))
  const part = ours.filter((scenario) => scenario.what.includes(what))
  return `${Math.round((dollars(sum(...part.map(({ usage }) => usage))) / dollars(sum(...ours.map(({ usage }) => usage)))) * 100)} %`
}

export function costPage(): string {
  const [onSocket, , , pollingWorker] = idleWorker
  const factor = Math.round(dollars(pollingWorker?.usage ?? {}) / dollars(onSocket?.usage ?? { worker_request: 1 }))
  const withoutOutput = longJobs.filter(({ what }) => !what.includes('output'))
  return `${[
    '# What it costs',
    '<!-- Made by `npm run generate` from tools/costs: counted operations times list prices. Change those, not this page. -->',
    `In short: an idle worker costs ${spelled(dollars(onSocket?.usage ?? {}))} a month (polling every five seconds: ${spelled(dollars(pollingWorker?.usage ?? {}))}, ${factor} times as much), a million short jobs ${totalOf(shortJobs, 'ours')}, a million ten-minute jobs ${totalOf(withoutOutput, 'ours')} and what their output takes. What you pay your model provider is not in here.`,
    'The paid plan of Workers ($5 a month) includes the first 10 million requests to the Worker, 1 million to objects, 50 million rows written in objects and in D1 each, and 400,000 GB-seconds, every month: a small team pays nothing more. The tables say what comes after that.',
    '## One idle worker, for a month',
    scenarioTable(idleWorker),
    `## A million short jobs`,
    scenarioTable(shortJobs),
    `Together ${totalOf(shortJobs, 'ours')} against ${totalOf(shortJobs, 'polling')}. Rows are the bill. ${shareOf(shortJobs, 'kept for good')} of ours is the copy that keeps every job and every audit row for good and lets you search them; the polling design of the comparison keeps none.`,
    '## A million jobs of ten minutes',
    scenarioTable(longJobs),
    `Together ${totalOf(withoutOutput, 'ours')} without output, against ${totalOf(longJobs, 'polling')}. Output that nobody needs to follow costs nothing: up to 64 KiB travel with the completion.`,
    '## A dashboard, open all day',
    scenarioTable(dashboard),
    '## What was counted',
    table(
      ['', 'count', 'by'],
      [
        [
          'rows in the tenant object per job',
          `${rowsPerJob}, with an idempotency key or without: the keys of 256 jobs are one more row`,
          '`test/workers/durable-objects/tenant/workers/socket.test.ts`',
        ],
        ['requests that reach it per job', `${counted.http_calls} call, ${counted.socket_messages} messages`, 'the same'],
        [
          'rows in D1 per job',
          `${counted.d1_rows}, and up to ${counted.d1_rows_per_shipment} per shipment`,
          '`test/workers/registry/ship.test.ts`',
        ],
        [
          'rows of a stream',
          `${counted.stream_rows_per_piece} per piece, ${counted.stream_end_rows} at the end`,
          '`test/workers/durable-objects/job-stream/sequence.test.ts`',
        ],
      ],
    ),
    '## List prices',
    table(
      ['', 'dollars for a million'],
      (Object.keys(prices) as readonly Priced[]).map((name) => [words[name], String(Number((prices[name] * 1e6).toPrecision(6)))]),
    ),
    `Messages that reach an object over a socket count as requests, ${messagesPerRequest} to one; those that it sends are free. Pings are answered by the platform without waking the object and may be free; they are counted here. An object is billed for ${objectGb * 1000} MB. Storage is left out: $0.20 for a GB-month in objects, $0.75 in D1.`,
  ].join('\n\n')}\n`
}
