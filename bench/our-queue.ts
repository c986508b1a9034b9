/** Responsible for filling and emptying our queue as programs do: with the dispatch call, and with the worker SDK. */
import type { Offer } from '@modelreins/contract'
import { Worker } from '../worker-sdk/src/index.ts'
import { inPortions, payload, result } from './peers/peer.ts'
import { post } from './servers.ts'
import type { OurServer } from './servers.ts'

export const fillOurs = (bench: OurServer, count: number): Promise<void> =>
  inPortions(count, (size) =>
    post(`${bench.url}/api/v1/dispatch/batch`, bench.ownerKey, { jobs: Array.from({ length: size }, () => payload) }),
  )

/** Makes the worker count as online, so that jobs can be assigned to it. */
export const greet = (bench: OurServer, token: string): Promise<unknown> => post(`${bench.url}/api/v1/claims`, token, {})

/** Takes one job with two calls, poll and start; returns its offer. */
export async function takeOne({ url }: OurServer, token: string): Promise<Offer> {
  const { offers } = await post<{ offers: Offer[] }>(`${url}/api/v1/claims`, token, { max: 1 })
  const [offer] = offers
  if (offer === undefined) throw new Error('The queue is empty')
  await post(`${url}/api/v1/claims/${offer.job.id}/start`, offer.lease.token, {})
  return offer
}

export const complete = ({ url }: OurServer, { job, lease }: Offer): Promise<unknown> =>
  post(`${url}/api/v1/claims/${job.id}/complete`, lease.token, { result })

/** A worker of the SDK whose handler does nothing; `onDone` is called for each ended job. */
export function idleHandler(bench: OurServer, token: string, slots: number, onDone: () => void): Worker {
  const worker = new Worker({ url: bench.url, token, name: 'bench', slots, executor: async () => result })
  worker.on('job:done', onDone)
  return worker
}

/** Milliseconds from the worker's start until `count` jobs have ended. */
export async function drainBySdk(bench: OurServer, token: string, count: number, slots: number): Promise<number> {
  const begun = performance.now()
  let worker: Worker | undefined
  await new Promise<void>((resolve, reject) => {
    let left = count
    worker = idleHandler(bench, token, slots, () => (--left === 0 ? resolve() : undefined))
    worker.start().catch(reject)
  })
  const ms = performance.now() - begun
  await worker?.stop()
  return ms
}
