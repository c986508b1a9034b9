/** Responsible for one question: how long after a dispatch does the handler of an idle worker start? */
import { Worker } from '../worker-sdk/src/index.ts'
import { atMost, figure, percentile } from './measure.ts'
import type { Answer, Bench, Figure, Scale, Target } from './measure.ts'
import { payload } from './peers/peer.ts'
import { post, startOurs } from './servers.ts'

const sizes = { full: { rounds: 5, jobs: 200 }, quick: { rounds: 1, jobs: 30 } } as const
const warming = 50

/** Milliseconds of each start, one list per round. */
async function latencies(transport: 'socket' | 'poll', rounds: number, jobs: number): Promise<number[][]> {
  const bench = await startOurs()
  const { token } = await bench.register('bench')
  let started: () => void = () => undefined
  const worker = new Worker({ url: bench.url, token, name: 'bench', transport, executor: async () => (started(), 0) })
  const ended: (() => void)[] = []
  worker.on('job:done', () => ended.shift()?.())
  await worker.start()
  const one = async (): Promise<number> => {
    const done = new Promise<void>((resolve) => ended.push(resolve))
    const begun = performance.now()
    const start = new Promise<void>((resolve) => (started = resolve))
    await post(`${bench.url}/api/v1/dispatch`, bench.ownerKey, { ...payload, when_offline: 'queue' })
    await start
    const ms = performance.now() - begun
    await done
    return ms
  }
  for (let index = 0; index < warming; index += 1) await one()
  const found: number[][] = []
  for (let round = 0; round < rounds; round += 1) {
    const times: number[] = []
    for (let index = 0; index < jobs; index += 1) times.push(await one())
    found.push(times)
  }
  await worker.stop()
  await bench.stop()
  return found
}

const targets: Readonly<Record<'socket' | 'poll', readonly [p50: Target, p99: Target]>> = {
  socket: [atMost(2), atMost(8)],
  poll: [atMost(5), atMost(20)],
}

async function run(scale: Scale): Promise<Answer> {
  const { rounds, jobs } = sizes[scale]
  const figures: Figure[] = []
  for (const transport of ['socket', 'poll'] as const) {
    const found = await latencies(transport, rounds, jobs)
    const all = found.flat()
    const [p50, p99] = targets[transport]
    const what = `dispatch until the handler starts, ${transport}`
    const worst = found.map((times) => percentile(times, 0.99))
    figures.push(figure(`${what}, p50`, 'ms', all, p50), figure(`${what}, p99 (median of rounds)`, 'ms', worst, p99))
  }
  return { question: `How long until an idle worker's handler starts (${rounds} rounds of ${jobs} jobs, one at a time)?`, figures }
}

export const bench: Bench = {
  about: 'from a dispatch until the handler starts, by socket and by long poll',
  expectedS: { full: 20, quick: 8 },
  run,
}
