/**
 * Responsible for one question: how many single HTTP calls a second does one tenant handle, compared with a bare object that stores the same, and
 * with BullMQ's `add`?
 */
import type { Offer } from '@modelreins/contract'
import { startPeers } from './all-peers.ts'
import { atLeast, figure, perSecond, ratio } from './measure.ts'
import type { Answer, Bench, Scale } from './measure.ts'
import { obstacles } from './obstacles.ts'
import { greet } from './our-queue.ts'
import { payload, result } from './peers/peer.ts'
import { runtimeCpuMs } from './runtime-process.ts'
import { post, startFloor, startOurs } from './servers.ts'

const sizes = { full: { rounds: 5, calls: 1_500 }, quick: { rounds: 1, calls: 100 } } as const
const lanes = 32
/** Jobs in one portion: their offers must be started within five seconds. */
const portion = 200

/** The four calls in the life of a job. */
interface Life {
  readonly dispatch: () => Promise<unknown>
  readonly poll: () => Promise<readonly Offer[]>
  readonly start: (offer: Offer) => Promise<unknown>
  readonly complete: (offer: Offer) => Promise<unknown>
}
const steps = ['dispatch', 'poll', 'start', 'complete'] as const
/** Calls a second. `cpu`: microseconds of the runtime's CPU time for the four calls of one job. */
type Rates = Readonly<Record<(typeof steps)[number] | 'life' | 'cpu', number>>

async function rates(life: Life, calls: number): Promise<Rates> {
  // A warm-up as long as the measurement: a new server first compiles its code, which the other queue did long ago.
  await perSecond(calls, lanes, life.dispatch)
  const before = runtimeCpuMs() ?? Number.NaN
  const dispatch = await perSecond(calls, lanes, life.dispatch)
  const call = (step: 'start' | 'complete', offer: Offer | undefined): Promise<unknown> =>
    offer === undefined ? Promise.resolve() : life[step](offer)
  const spent = { poll: 0, start: 0, complete: 0 }
  for (let taken = 0; taken < calls; taken += portion) {
    const count = Math.min(portion, calls - taken)
    const offers: Offer[] = []
    spent.poll += count / (await perSecond(count, lanes, async () => offers.push(...(await life.poll()))))
    if (offers.length < count) throw new Error(`${offers.length} offers for ${count} calls`)
    for (const step of ['start', 'complete'] as const) {
      spent[step] += count / (await perSecond(count, lanes, (index) => call(step, offers[index])))
    }
  }
  const [poll, start, complete] = [calls / spent.poll, calls / spent.start, calls / spent.complete]
  const cpu = (((runtimeCpuMs() ?? Number.NaN) - before) * 1000) / calls
  return { dispatch, poll, start, complete, life: 4 / (1 / dispatch + 1 / poll + 1 / start + 1 / complete), cpu }
}

/** Has the length of our tokens. */
const token = 'f'.repeat(111)

interface Platform {
  /** A Worker that only parses the JSON of a call: the cost of HTTP, the runtime and the caller. */
  readonly nothing: number
  /** A Worker that also calls an object, which stores nothing and answers at once. */
  readonly passed: number
}

/** Calls a second of the platform alone, without our code. */
async function platformRates(calls: number): Promise<Platform> {
  const { url, stop } = await startFloor()
  const rateOf = async (path: string): Promise<number> => {
    const call = (): Promise<unknown> => post(`${url}/${path}`, token, payload)
    await perSecond(calls, lanes, call)
    return perSecond(calls, lanes, call)
  }
  const nothing = await rateOf('nothing')
  const passed = await rateOf('passed')
  await stop()
  return { nothing, passed }
}

async function floorRates(calls: number, sharedCommits: boolean): Promise<Rates> {
  const { url, stop } = await startFloor({ sharedCommits })
  const found = await rates(
    {
      dispatch: () => post(`${url}/dispatch`, token, payload),
      poll: async () => (await post<{ offers: Offer[] }>(`${url}/claims`, token, { max: 1 })).offers,
      start: ({ job }) => post(`${url}/start/${job.id}`, token, {}),
      complete: ({ job }) => post(`${url}/complete/${job.id}`, token, { result }),
    },
    calls,
  )
  await stop()
  return found
}

async function ourRates(calls: number): Promise<Rates> {
  const bench = await startOurs()
  const worker = await bench.register('bench')
  await greet(bench, worker.token)
  const api = `${bench.url}/api/v1`
  const found = await rates(
    {
      dispatch: () => post(`${api}/dispatch`, bench.ownerKey, payload),
      poll: async () => (await post<{ offers: Offer[] }>(`${api}/claims`, worker.token, { max: 1 })).offers,
      start: ({ job, lease }) => post(`${api}/claims/${job.id}/start`, lease.token, {}),
      complete: ({ job, lease }) => post(`${api}/claims/${job.id}/complete`, lease.token, { result }),
    },
    calls,
  )
  await bench.stop()
  return found
}

async function run(scale: Scale): Promise<Answer> {
  const { rounds, calls } = sizes[scale]
  const peers = await startPeers('bullmq')
  const [peer] = peers.running
  const platform: Platform[] = []
  const floor: Rates[] = []
  const sharing: Rates[] = []
  const ours: Rates[] = []
  const adds: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    if (peer !== undefined) {
      await perSecond(calls, lanes, peer.add)
      adds.push(await perSecond(calls, lanes, peer.add))
    }
    platform.push(await platformRates(calls))
    floor.push(await floorRates(calls, false))
    sharing.push(await floorRates(calls, true))
    ours.push(await ourRates(calls))
  }
  await peers.stop()
  const empty = platform.map(({ nothing }) => nothing)
  const passed = platform.map((rate) => rate.passed)
  const of = (found: readonly Rates[], step: keyof Rates): readonly number[] => found.map((rate) => rate[step])
  return {
    question: `How many single HTTP calls a second does one tenant take (${lanes} at a time, ${calls} calls, ${rounds} rounds)?`,
    figures: [
      ...steps.flatMap((step) => [
        figure(`bare object: ${step}`, 'calls/s', of(floor, step)),
        figure(`ours: ${step}`, 'calls/s', of(ours, step)),
      ]),
      ratio('one job life, per call, against the bare object', of(ours, 'life'), of(floor, 'life'), atLeast(0.8)),
      ratio('the same, against one whose calls share commits', of(ours, 'life'), of(sharing, 'life')),
      figure('bare object: processor time of the runtime for a life', 'us', of(floor, 'cpu')),
      figure('one whose calls share commits: the same', 'us', of(sharing, 'cpu')),
      figure('ours: the same', 'us', of(ours, 'cpu')),
      figure('a Worker that does nothing', 'calls/s', empty),
      figure('a Worker that calls an object that stores nothing', 'calls/s', passed),
      ...(adds.length === 0
        ? []
        : [
            figure('BullMQ: add', 'calls/s', adds),
            ratio('dispatch, against BullMQ: add', of(ours, 'dispatch'), adds, atLeast(0.5, obstacles.http)),
            ratio('a Worker that does nothing, against BullMQ: add', empty, adds),
            ratio('a Worker that calls an object that stores nothing, against BullMQ: add', passed, adds),
          ]),
    ],
    notes: [
      'The bare object stores rows of the same bytes with the same index, checks a MAC, chains audit rows, and answers when its writes are durable: a commit per call. Ours, where calls that arrive together share one, is shown beside a bare object that does so, too.',
      'A Worker that does nothing reads the JSON of a call and answers as much: HTTP, the runtime and the caller of this bench alone. The one that calls an object adds what the call and its answer cost; every call of ours needs this, too. BullMQ sends its commands down one connection that is kept open, without HTTP.',
      'Each rate is taken after as many calls that are not measured.',
      ...peers.notes,
    ],
  }
}

export const bench: Bench = {
  about: 'single calls over HTTP, beside a bare object that stores the same and BullMQ: add',
  expectedS: { full: 60, quick: 10 },
  run,
}
