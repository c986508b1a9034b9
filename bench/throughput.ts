/** Responsible for one question: how many jobs a second, beside other queues and a bare object, in the same rounds? */
import { startPeers } from './all-peers.ts'
import { figure, ratio } from './measure.ts'
import type { Answer, Bench, Figure, Scale, Target } from './measure.ts'
import { drainBySdk, fillOurs, greet } from './our-queue.ts'
import type { Peer } from './peers/peer.ts'
import { startOurs } from './servers.ts'
import { drain, floorRate } from './socket-batches.ts'

interface Sizes {
  readonly rounds: number
  /** Jobs of one measurement, by how many run at once. */
  readonly jobs: Readonly<Record<'100' | '1', number>>
}

const sizes: Readonly<Record<Scale, Sizes>> = {
  full: { rounds: 5, jobs: { '100': 10_000, '1': 1_500 } },
  quick: { rounds: 1, jobs: { '100': 500, '1': 100 } },
}

/** What stands beside ours in one round: jobs a second by label. */
type Round = Map<string, number>

const perSecondOf = (jobs: number, ms: number): number => (jobs / ms) * 1000

async function ours(jobs: Sizes['jobs']): Promise<Round> {
  const bench = await startOurs()
  const found: Round = new Map()
  const { token } = await bench.register('bench')
  for (const at of [100, 1] as const) {
    const count = jobs[`${at}`]
    await greet(bench, token)
    await fillOurs(bench, count)
    found.set(`socket ${at}`, perSecondOf(count, await drain(bench.url, token, count, at)))
    await greet(bench, token)
    await fillOurs(bench, count)
    found.set(`sdk ${at}`, perSecondOf(count, await drainBySdk(bench, token, count, at)))
  }
  await bench.stop()
  return found
}

async function theirs(peer: Peer, jobs: Sizes['jobs']): Promise<Round> {
  const found: Round = new Map()
  for (const at of [100, 1] as const) {
    const count = jobs[`${at}`]
    await peer.fill(count)
    found.set(`${peer.name} ${at}`, perSecondOf(count, await peer.drain(count, at)))
  }
  return found
}

/** Against whom, by how much: pg-boss and graphile-worker are to be passed, BullMQ by a margin. */
const targets: Readonly<Record<string, Target>> = {
  'sdk BullMQ 100': '>= 1.5',
  'sdk BullMQ 1': '>= 1',
  'socket BullMQ 100': '>= 1.5',
  'socket BullMQ 1': '>= 1',
  'sdk pg-boss 100': '>= 1',
  'sdk pg-boss 1': '>= 1',
  'sdk graphile-worker 100': '>= 1',
  'sdk graphile-worker 1': '>= 1',
}

function figuresOf(rounds: readonly Round[], peers: readonly Peer[]): readonly Figure[] {
  const of = (label: string): readonly number[] => rounds.map((round) => round.get(label) ?? Number.NaN)
  return ([100, 1] as const).flatMap((at) => {
    const how = at === 1 ? 'one at a time' : `${at} at once`
    const compared = (label: 'sdk' | 'socket', words: string, peer: Peer): Figure =>
      ratio(
        `${words}, against ${peer.name}, ${how}`,
        of(`${label} ${at}`),
        of(`${peer.name} ${at}`),
        targets[`${label} ${peer.name} ${at}`],
      )
    return [
      figure(`bare object, ${how}`, 'jobs/s', of(`floor ${at}`)),
      figure(`ours, frames on one socket, ${how}`, 'jobs/s', of(`socket ${at}`)),
      figure(`ours, through the SDK, ${how}`, 'jobs/s', of(`sdk ${at}`)),
      ...peers.map((peer) => figure(`${peer.name}, ${how}`, 'jobs/s', of(`${peer.name} ${at}`))),
      ratio(`frames on one socket, against the bare object, ${how}`, of(`socket ${at}`), of(`floor ${at}`)),
      ...peers.filter((peer) => peer.name === 'BullMQ').map((peer) => compared('socket', 'frames on one socket', peer)),
      ...peers.map((peer) => compared('sdk', 'through the SDK', peer)),
    ]
  })
}

async function run(scale: Scale): Promise<Answer> {
  const { rounds, jobs } = sizes[scale]
  const peers = await startPeers('all')
  const found: Round[] = []
  /** Why a peer is not measured any more; ours go on. */
  const failed = new Map<string, string>()
  for (let index = 0; index < rounds; index += 1) {
    const round: Round = new Map()
    const add = (more: Round): void => more.forEach((value, label) => round.set(label, value))
    round.set('floor 100', await floorRate(jobs['100'], 100))
    round.set('floor 1', await floorRate(jobs['1'], 1))
    for (const peer of peers.running.filter(({ name }) => !failed.has(name))) {
      await theirs(peer, jobs).then(add, (error: unknown) => failed.set(peer.name, error instanceof Error ? error.message : String(error)))
    }
    add(await ours(jobs))
    found.push(round)
  }
  const figures = figuresOf(
    found,
    peers.running.filter(({ name }) => !failed.has(name)),
  )
  await peers.stop()
  return {
    question: `How many jobs a second are taken and completed by handlers that do nothing (${rounds} rounds of ${jobs['100']} and ${jobs['1']} jobs)?`,
    figures,
    notes: [
      'Jobs are queued first; the time runs from the start of the worker, ours and theirs, until the last job has ended. Ours keeps its audit trail and copies it to D1 while it works; the peers have neither.',
      ...peers.notes,
      ...[...failed].map(([name, message]) => `${name} failed and is left out: ${message}`),
    ],
  }
}

export const bench: Bench = {
  about: 'jobs a second through the SDK and over one socket, beside BullMQ, pg-boss, graphile-worker and a bare object',
  expectedS: { full: 270, quick: 25 },
  run,
}
