/** Responsible for one question: how long is it from a dispatch until the handler of an idle worker starts? */
import { Worker } from '../worker-sdk/src/index.ts'
import { percentile } from './measure.ts'
import type { Answer, Figure } from './measure.ts'
import { post, startOurs } from './servers.ts'

const jobs = 500

async function latencies(transport: 'socket' | 'poll'): Promise<number[]> {
  const bench = await startOurs()
  const { token } = await bench.register('bench')
  let started: () => void = () => undefined
  const worker = new Worker({ url: bench.url, token, name: 'bench', transport, executor: async () => (started(), 0) })
  const ended: (() => void)[] = []
  worker.on('job:done', () => ended.shift()?.())
  await worker.start()
  const found: number[] = []
  for (let index = 0; index < jobs + 50; index += 1) {
    const done = new Promise<void>((resolve) => ended.push(resolve))
    const begun = performance.now()
    const start = new Promise<void>((resolve) => (started = resolve))
    await post(`${bench.url}/api/v1/dispatch`, bench.ownerKey, { prompt: 'Measure this wait', when_offline: 'queue' })
    await start
    if (index >= 50) found.push(performance.now() - begun)
    await done
  }
  await worker.stop()
  await bench.stop()
  return found
}

export async function startLatency(): Promise<Answer> {
  const figures: Figure[] = []
  for (const transport of ['socket', 'poll'] as const) {
    const raw = await latencies(transport)
    const targets = transport === 'socket' ? { p50: '<= 3', p99: '<= 15' } : undefined
    figures.push(
      {
        what: `dispatch until the handler starts, ${transport}, p50`,
        value: percentile(raw, 0.5),
        unit: 'ms',
        raw,
        ...(targets === undefined ? {} : { target: targets.p50 }),
      },
      {
        what: `dispatch until the handler starts, ${transport}, p99`,
        value: percentile(raw, 0.99),
        unit: 'ms',
        raw: [],
        ...(targets === undefined ? {} : { target: targets.p99 }),
      },
    )
  }
  return { question: `How long until an idle worker's handler starts (${jobs} jobs, one at a time)?`, figures }
}
