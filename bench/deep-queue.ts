/** Responsible for one question: does a claim cost more with a million waiting jobs than with a thousand? */
import { atMost, figure, ratio, takingTurns, timed } from './measure.ts'
import type { Answer, Bench, Scale } from './measure.ts'
import { greet, takeOne } from './our-queue.ts'
import { payload } from './peers/peer.ts'
import { post, startOurs } from './servers.ts'
import { copyFirstJob } from './tenant-file.ts'

const sizes = {
  full: { depths: [1_000, 1_000_000], rounds: 5, claims: 80 },
  quick: { depths: [1_000, 20_000], rounds: 1, claims: 20 },
} as const

interface Deep {
  /** Milliseconds of a claim: poll and start. */
  readonly claim: () => Promise<number>
  readonly stop: () => Promise<void>
}

async function queueOf(depth: number): Promise<Deep> {
  const bench = await startOurs()
  const { token } = await bench.register('bench')
  await greet(bench, token)
  await post(`${bench.url}/api/v1/dispatch`, bench.ownerKey, payload)
  await bench.restartAfter((folder) => copyFirstJob(folder, depth))
  return { claim: () => timed(() => takeOne(bench, token)), stop: bench.stop }
}

async function run(scale: Scale): Promise<Answer> {
  const { depths, rounds, claims } = sizes[scale]
  const queues: Deep[] = []
  for (const depth of depths) queues.push(await queueOf(depth))
  for (const queue of queues) for (let index = 0; index < 20; index += 1) await queue.claim()
  const found = await takingTurns(
    rounds,
    claims,
    queues.map((queue) => queue.claim),
  )
  for (const queue of queues) await queue.stop()
  const [shallow = [], deep = []] = found
  return {
    question: `How long does a claim (poll and start) take by the depth of the queue (${rounds} rounds of ${claims} claims each, medians)?`,
    figures: [
      ...depths.map((depth, at) => figure(`${depth.toLocaleString('en')} jobs waiting`, 'ms', found[at] ?? [])),
      ratio('the deep queue against the shallow one', deep, shallow, atMost(1.2)),
    ],
  }
}

export const bench: Bench = { about: 'a claim with a million jobs waiting, against a thousand', expectedS: { full: 25, quick: 10 }, run }
