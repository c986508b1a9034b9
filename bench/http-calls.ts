/** Responsible for one question: how many single HTTP calls a second can one tenant make, beside a bare object that stores one row per call? */
import type { Job, Offer } from '@modelreins/contract'
import { median, perSecond } from './measure.ts'
import type { Answer } from './measure.ts'
import { post, startFloor, startOurs } from './servers.ts'

const calls = 2_000
const lanes = 32
const portion = 200
const rounds = 3

export async function httpCalls(): Promise<Answer> {
  const raw: Record<string, number[]> = { floor: [], dispatch: [], poll: [], start: [], complete: [], life: [] }
  const note = (what: string, value: number): void => void raw[what]?.push(value)
  for (let round = 0; round < rounds; round += 1) {
    const floor = await startFloor()
    const body = { prompt: 'Measure this call' }
    await perSecond(300, lanes, () => post(floor.url, 'none', body))
    note('floor', await perSecond(calls, lanes, () => post(floor.url, 'none', body)))
    await floor.stop()

    const ours = await startOurs()
    const worker = await ours.register('bench')
    await ours.owner.call('presence.list', {})
    await post(`${ours.url}/api/v1/claims`, worker.token, {})
    await perSecond(300, lanes, () => post(`${ours.url}/api/v1/dispatch`, ours.ownerKey, body))
    const dispatched = await perSecond(calls, lanes, () => post<Job>(`${ours.url}/api/v1/dispatch`, ours.ownerKey, body))
    const spent = { poll: 0, start: 0, complete: 0 }
    const seconds = async (work: (offer: Offer) => Promise<unknown>, offers: readonly Offer[]): Promise<number> =>
      offers.length /
      (await perSecond(offers.length, lanes, (index) => {
        const offer = offers[index]
        return offer === undefined ? Promise.resolve() : work(offer)
      }))
    // In portions that fit into the five seconds an offer lasts.
    for (let taken = 0; taken < calls; taken += portion) {
      const offers: Offer[] = []
      spent.poll +=
        portion /
        (await perSecond(portion, lanes, async () => {
          const reply = await post<{ offers: Offer[] }>(`${ours.url}/api/v1/claims`, worker.token, { max: 1 })
          offers.push(...reply.offers)
        }))
      spent.start += await seconds((offer) => post(`${ours.url}/api/v1/claims/${offer.job.id}/start`, offer.lease.token, {}), offers)
      spent.complete += await seconds(
        (offer) => post(`${ours.url}/api/v1/claims/${offer.job.id}/complete`, offer.lease.token, { result: 'measured' }),
        offers,
      )
    }
    const [polled, started, completed] = [calls / spent.poll, calls / spent.start, calls / spent.complete]
    note('dispatch', dispatched)
    note('poll', polled)
    note('start', started)
    note('complete', completed)
    note('life', 4 / (1 / dispatched + 1 / polled + 1 / started + 1 / completed))
    await ours.stop()
  }
  const of = (what: string): number[] => raw[what] ?? []
  const ratios = of('life').map((value, index) => value / (of('floor')[index] ?? Number.NaN))
  return {
    question: `How many single HTTP calls a second does one tenant take (${lanes} at a time, ${calls} calls, ${rounds} rounds)?`,
    figures: [
      { what: 'floor: bare object, one insert per call', value: median(of('floor')), unit: 'calls/s', raw: of('floor') },
      ...(['dispatch', 'poll', 'start', 'complete'] as const).map((what) => ({
        what,
        value: median(of(what)),
        unit: 'calls/s',
        raw: of(what),
      })),
      { what: 'one job life, per call, against the floor', value: median(ratios), unit: 'x', raw: ratios, target: '>= 0.8' },
    ],
  }
}
