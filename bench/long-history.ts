/** Responsible for one question: do dispatch and claim cost more for a tenant with millions of finished jobs than for a new one? */
import type { Job } from '@modelreins/contract'
import { atMost, figure, median, ratio } from './measure.ts'
import type { Answer, Bench, Scale } from './measure.ts'
import { complete, greet, takeOne } from './our-queue.ts'
import { payload } from './peers/peer.ts'
import { post, startOurs } from './servers.ts'
import { copyFirstJob } from './tenant-file.ts'

const sizes = {
  full: { histories: [1, 5_000_000], rounds: 5, jobs: 60 },
  quick: { histories: [1, 20_000], rounds: 1, jobs: 15 },
} as const

interface Tenant {
  /** Makes the worker count as online; call it before `live` and after a pause, because a silent worker goes offline. */
  readonly greet: () => Promise<unknown>
  /** Milliseconds of a dispatch, and of a claim (poll and start). The job is then ended. */
  readonly live: () => Promise<{ readonly dispatch: number; readonly claim: number }>
  readonly stop: () => Promise<void>
}

async function tenantWith(history: number): Promise<Tenant> {
  const bench = await startOurs()
  const { token } = await bench.register('bench')
  let finished = 0
  const tenant: Tenant = {
    greet: () => greet(bench, token),
    live: async () => {
      let begun = performance.now()
      const job = await post<Job>(`${bench.url}/api/v1/dispatch`, bench.ownerKey, payload)
      const dispatch = performance.now() - begun
      if (job.id <= finished) throw new Error(`Job ${job.id} was dispatched behind ${finished} others`)
      begun = performance.now()
      const offer = await takeOne(bench, token)
      const claim = performance.now() - begun
      await complete(bench, offer)
      return { dispatch, claim }
    },
    stop: bench.stop,
  }
  await tenant.greet()
  await tenant.live()
  await bench.restartAfter((folder) => copyFirstJob(folder, history))
  finished = history
  return tenant
}

async function run(scale: Scale): Promise<Answer> {
  const { histories, rounds, jobs } = sizes[scale]
  const tenants: Tenant[] = []
  for (const history of histories) tenants.push(await tenantWith(history))
  for (const tenant of tenants) {
    await tenant.greet()
    for (let index = 0; index < 20; index += 1) await tenant.live()
  }
  const found = histories.map(() => ({ dispatch: [] as number[], claim: [] as number[] }))
  for (let round = 0; round < rounds; round += 1) {
    const lives = tenants.map(() => [] as { readonly dispatch: number; readonly claim: number }[])
    // The tenants take turns, so that other load of the machine affects both alike.
    for (let index = 0; index < jobs; index += 1) for (const [at, tenant] of tenants.entries()) lives[at]?.push(await tenant.live())
    for (const [at, each] of lives.entries()) {
      for (const step of ['dispatch', 'claim'] as const) found[at]?.[step].push(median(each.map((life) => life[step])))
    }
  }
  for (const tenant of tenants) await tenant.stop()
  const [few, many] = found
  const finished = (histories[1] ?? 0).toLocaleString('en')
  return {
    question: `How long do a dispatch and a claim take with ${finished} finished jobs behind them (${rounds} rounds of ${jobs} jobs each, medians)?`,
    figures: (['dispatch', 'claim'] as const).flatMap((step) => [
      figure(`${step}, nothing behind it`, 'ms', few?.[step] ?? []),
      figure(`${step}, ${finished} finished jobs behind it`, 'ms', many?.[step] ?? []),
      ratio(`${step} with a history, against none`, many?.[step] ?? [], few?.[step] ?? [], atMost(1.2)),
    ]),
    notes: [
      "The finished jobs are rows of the object's own file, which are put there while it is stopped; their audit rows have left it, as they do after a week.",
    ],
  }
}

export const bench: Bench = {
  about: 'dispatch and claim with millions of finished jobs behind them, against none',
  expectedS: { full: 60, quick: 10 },
  run,
}
