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

/** The largest part of the cost. */
const mostly = ({ usage }: Scenario): string => {
  const parts = entries(usage)
    .map(([name, count]) => ({ name, price: count * prices[name] }))
    .toSorted((left, right) => right.price - left.price)
  const [first] = parts
  return first === undefined ? '' : `${words[first.name]} (${Math.round((first.price / dollars(usage)) * 100)} %)`
}

const scenarioTable = (scenarios: readonly Scenario[]): string =>
  table(
    ['', 'dollars', 'largest part', 'assumptions'],
    scenarios.map((scenario) => [scenario.what, spelled(dollars(scenario.usage)), mostly(scenario), scenario.how]),
  )

const totalOf = (scenarios: readonly Scenario[], begin: string): string =>
  spelled(dollars(sum(...scenarios.filter(({ what }) => what.startsWith(begin)).map(({ usage }) => usage))))

/** As a percentage of our cost. */
function shareOf(scenarios: readonly Scenario[], what: string): string {
  const ours = scenarios.filter((scenario) => scenario.what.startsWith('ModelReins'))
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
    `This page estimates your Cloudflare bill. An idle worker costs ${spelled(dollars(onSocket?.usage ?? {}))} a month. A design that polls every five seconds would cost ${spelled(dollars(pollingWorker?.usage ?? {}))}, ${factor} times as much. A million short jobs cost ${totalOf(shortJobs, 'ModelReins')}, and a million ten-minute jobs ${totalOf(withoutOutput, 'ModelReins')} plus their output. The cost of your model provider is not included.`,
    'The paid plan of Workers ($5 a month) includes the first 10 million requests to the Worker, 1 million to objects, 50 million rows written in objects and in D1 each, and 400,000 GB-seconds, every month. A small team pays nothing more. The tables show the cost beyond these amounts.',
    '## One idle worker, for a month',
    scenarioTable(idleWorker),
    `## A million short jobs`,
    scenarioTable(shortJobs),
    `Together ${totalOf(shortJobs, 'ModelReins')} against ${totalOf(shortJobs, 'polling')}. Written rows are most of the cost. ${shareOf(shortJobs, 'stored permanently')} of the cost of ModelReins is the copy in D1, which stores all jobs and audit rows permanently and makes them searchable. The polling design of the comparison has no such copy.`,
    '## A million jobs of ten minutes',
    scenarioTable(longJobs),
    `Together ${totalOf(withoutOutput, 'ModelReins')} without output, against ${totalOf(longJobs, 'polling')}. Output up to 64 KiB that is not followed live costs nothing, because it is sent with the completion.`,
    '## A dashboard, open all day',
    scenarioTable(dashboard),
    '## What was counted',
    table(
      ['', 'count', 'by'],
      [
        [
          'rows in the tenant object per job',
          `${rowsPerJob}, with or without an idempotency key (the keys of 256 jobs are one more row)`,
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
    `Messages that reach an object over a socket count as requests, ${messagesPerRequest} to one. Messages that it sends are free. The platform answers pings without waking the object; they may be free, but are counted here. An object is billed for ${objectGb * 1000} MB. Storage is not included: $0.20 for a GB-month in objects, $0.75 in D1.`,
  ].join('\n\n')}\n`
}
