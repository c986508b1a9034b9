/**
 * Responsible for printing where CPU time goes, per job: `node tools/launch.cjs bench/profile.ts [WORKLOAD ...]`. Time in libraries and in the engine
 * counts for our module that called them. Use it before any optimisation.
 */
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { profileOf } from './inspector.ts'
import type { Spent } from './inspector.ts'
import { inLanes } from './measure.ts'
import { complete, drainBySdk, fillOurs, greet, takeOne } from './our-queue.ts'
import { runtimeCpuMs } from './runtime-process.ts'
import { post, startOurs } from './servers.ts'
import type { OurServer } from './servers.ts'
import { drain } from './socket-batches.ts'

interface Workload {
  readonly what: string
  readonly jobs: number
  /** Runs before the measurement. */
  readonly prepare: (bench: OurServer, token: string, jobs: number) => Promise<unknown>
  readonly run: (bench: OurServer, token: string, jobs: number) => Promise<unknown>
}

const queue = (bench: OurServer, _token: string, jobs: number): Promise<void> => fillOurs(bench, jobs)

const lanes = 32

let runs = 0
/** Needs new keys: a key that was used before would return the earlier job. */
function dispatch(bench: OurServer, _token: string, jobs: number): Promise<void> {
  runs += 1
  const run = runs
  return inLanes(jobs, lanes, (index) =>
    post(`${bench.url}/api/v1/dispatch`, bench.ownerKey, {
      prompt: 'Measure this call',
      when_offline: 'queue',
      idempotency_key: `profile-${run}-${index}`,
    }),
  )
}

async function live(bench: OurServer, token: string, jobs: number): Promise<void> {
  // Low concurrency: on a busy machine an offer could otherwise exceed its five seconds before it is started.
  await inLanes(jobs, 8, async () => complete(bench, await takeOne(bench, token)))
}

const nothing = async (): Promise<void> => undefined

const workloads: Readonly<Record<string, Workload>> = {
  'socket-100': {
    what: 'started and completed over one socket, in batches of 100',
    jobs: 12_000,
    prepare: queue,
    run: (bench, token, jobs) => drain(bench.url, token, jobs, 100),
  },
  'socket-1': {
    what: 'started and completed over one socket, one by one',
    jobs: 3_000,
    prepare: queue,
    run: (bench, token, jobs) => drain(bench.url, token, jobs, 1),
  },
  'sdk-100': {
    what: 'taken by a worker of the SDK with 100 slots and a handler that does nothing',
    jobs: 12_000,
    prepare: queue,
    run: (bench, token, jobs) => drainBySdk(bench, token, jobs, 100),
  },
  'sdk-1': {
    what: 'taken by a worker of the SDK with one slot and a handler that does nothing',
    jobs: 3_000,
    prepare: queue,
    run: (bench, token, jobs) => drainBySdk(bench, token, jobs, 1),
  },
  'http-dispatch': { what: 'dispatched over HTTP with a key, one by one, 32 at a time', jobs: 4_000, prepare: nothing, run: dispatch },
  'http-life': { what: 'polled, started and completed over HTTP, 32 at a time', jobs: 2_000, prepare: queue, run: live },
}

const ours = (module: string): boolean => module !== '' && !module.startsWith('[')

/** The owner of the time: our nearest module in the call stack, else the engine's name for it. */
const ownerOf = ({ stack }: Spent): string => stack.find(({ module }) => ours(module))?.module ?? stack[0]?.name ?? ''
const placeOf = ({ stack: [place] }: Spent): string => `${place?.name ?? ''} ${place?.module ?? ''}`

const idle: ReadonlySet<string> = new Set(['(idle)', '(root)'])

function sums(spent: readonly Spent[], by: (one: Spent) => string): readonly (readonly [string, number])[] {
  const found = new Map<string, number>()
  for (const one of spent) found.set(by(one), (found.get(by(one)) ?? 0) + one.us)
  return [...found].toSorted((one, other) => other[1] - one[1])
}

function table(title: string, rows: readonly (readonly [string, number])[], jobs: number, most: number): void {
  const total = rows.reduce((sum, [, us]) => sum + us, 0)
  console.log(`\n  ${title}: ${(total / jobs).toFixed(0)} us per job`)
  for (const [name, us] of rows.slice(0, most)) {
    console.log(`    ${(us / jobs).toFixed(1).padStart(8)} us ${((us / total) * 100).toFixed(1).padStart(5)} %  ${name}`)
  }
}

/** Waits until no work follows the calls any more: shipping their rows is part of their cost. */
async function quiet(): Promise<void> {
  await pause(2_000)
  for (let before = -1, now = 0; now - before > 20;) {
    before = runtimeCpuMs() ?? 0
    await pause(500)
    now = runtimeCpuMs() ?? 0
  }
}

async function tell(name: string, { what, jobs, prepare, run }: Workload, raw: string | undefined): Promise<void> {
  const bench = await startOurs({ inspectorPort: 0 })
  const { token } = await bench.register('bench')
  await greet(bench, token)
  await prepare(bench, token, 2 * jobs)
  // One run without the profiler measures the CPU time without its overhead, and gets the code compiled.
  await run(bench, token, Math.ceil(jobs / 10))
  await quiet()
  const before = runtimeCpuMs()
  const client = process.cpuUsage()
  await run(bench, token, Math.floor(jobs / 2))
  const { user, system } = process.cpuUsage(client)
  await quiet()
  const after = runtimeCpuMs()
  const profiled = await profileOf(await bench.inspector(), () => run(bench, token, jobs).then(quiet))
  const spent = profiled.filter((one) => !idle.has(placeOf(one).trim()))
  await bench.stop()
  console.log(`\n${name}: jobs ${what}`)
  if (before !== undefined && after !== undefined)
    console.log(
      `  processor time of the runtime, all isolates and threads: ${(((after - before) * 1000) / Math.floor(jobs / 2)).toFixed(0)} us per job`,
    )
  console.log(
    `  processor time of this process, which sends and receives: ${((user + system) / Math.floor(jobs / 2)).toFixed(0)} us per job`,
  )
  table('the Worker by module, with what it calls', sums(spent, ownerOf), jobs, 40)
  table('the Worker by function, without what it calls', sums(spent, placeOf), jobs, 40)
  if (raw !== undefined) writeFileSync(`${raw}-${name}.json`, JSON.stringify(spent))
}

async function main(names: readonly string[]): Promise<number> {
  const asked = names.length === 0 ? Object.keys(workloads) : names
  for (const name of asked) {
    const workload = workloads[name]
    if (workload === undefined) {
      console.error(`There is no workload called '${name}'. Workloads: ${Object.keys(workloads).join(', ')}.`)
      return 64
    }
    await tell(name, workload, process.env['PROFILE_RAW'])
  }
  return 0
}

// The launcher uses `require` for this module, which does not allow top-level await.
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
