/** Responsible for one question: do dispatch and claim cost more for a tenant with millions of finished jobs behind it than for a new one? */
import type { Job, Offer } from '@modelreins/contract'
import { figure, median, ratio, timed } from './measure.ts'
import type { Answer, Bench, Scale } from './measure.ts'
import { greet } from './our-queue.ts'
import { payload, result } from './peers/peer.ts'
import { post, startOurs } from './servers.ts'
import { copyFirstJob } from './tenant-file.ts'

const sizes = {
  full: { histories: [1, 2_000_000], rounds: 5, jobs: 60 },
  quick: { histories: [1, 20_000], rounds: 1, jobs: 15 },
} as const

interface Tenant {
  /** Milliseconds of a dispatch, and of a claim: poll and start. The job is ended afterwards. */
  readonly live: () => Promise<{ readonly dispatch: number; readonly claim: number }>
  readonly stop: () => Promise<void>
}

async function tenantWith(history: number): Promise<Tenant> {
  const bench = await startOurs()
  const { token } = await bench.register('bench')
  await greet(bench, token)
  let url = bench.url
  const live: Tenant['live'] = async () => {
    let taken: Offer | undefined
    const dispatch = await timed(() => post<Job>(`${url}/api/v1/dispatch`, bench.ownerKey, payload))
    const claim = await timed(async () => {
      ;[taken] = (await post<{ offers: Offer[] }>(`${url}/api/v1/claims`, token, { max: 1 })).offers
      if (taken === undefined) throw new Error('The queue is empty')
      await post(`${url}/api/v1/claims/${taken.job.id}/start`, taken.lease.token, {})
    })
    await post(`${url}/api/v1/claims/${taken?.job.id}/complete`, taken?.lease.token ?? '', { result })
    return { dispatch, claim }
  }
  await live()
  url = await bench.restartAfter((folder) => copyFirstJob(folder, history))
  await post(`${url}/api/v1/claims`, token, {})
  const job = await post<Job>(`${url}/api/v1/dispatch`, bench.ownerKey, payload)
  if (job.id <= history) throw new Error(`Job ${job.id} was dispatched behind ${history} others`)
  const { offers } = await post<{ offers: Offer[] }>(`${url}/api/v1/claims`, token, { max: 1 })
  for (const offer of offers) await post(`${url}/api/v1/claims/${offer.job.id}/start`, offer.lease.token, {})
  return { live, stop: bench.stop }
}

async function run(scale: Scale): Promise<Answer> {
  const { histories, rounds, jobs } = sizes[scale]
  const tenants: Tenant[] = []
  for (const history of histories) tenants.push(await tenantWith(history))
  for (const tenant of tenants) for (let index = 0; index < 20; index += 1) await tenant.live()
  const found = histories.map(() => ({ dispatch: [] as number[], claim: [] as number[] }))
  for (let round = 0; round < rounds; round += 1) {
    const lives = tenants.map(() => [] as { readonly dispatch: number; readonly claim: number }[])
    // By turns: what else the machine does meets both alike.
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
      ratio(`${step} with a history, against none`, many?.[step] ?? [], few?.[step] ?? [], '<= 1.2'),
    ]),
    notes: [
      `The finished jobs are rows of the object's own file (their audit rows have left it, as they do after a week). The target names 5 million; ${finished} were made here, for the sake of time.`,
    ],
  }
}

export const bench: Bench = {
  about: 'dispatch and claim with millions of finished jobs behind them, against none',
  expectedS: { full: 80, quick: 12 },
  run,
}
