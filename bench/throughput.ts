/** Responsible for one question: how many jobs a second, compared with other queues and bare objects in the same rounds? */
import { startPeers } from './all-peers.ts'
import { atLeast, figure, ratio, timed } from './measure.ts'
import type { Answer, Bench, Figure, Scale, Target } from './measure.ts'
import { obstacles } from './obstacles.ts'
import { drainBySdk, fillOurs, greet } from './our-queue.ts'
import type { Peer } from './peers/peer.ts'
import { startOurs } from './servers.ts'
import { drain, floorRate } from './socket-batches.ts'

/** Number of jobs that run concurrently. */
const concurrencies = [100, 1] as const
type Concurrency = (typeof concurrencies)[number]

interface Sizes {
  readonly rounds: number
  /** Number of jobs in one measurement. */
  readonly jobs: Readonly<Record<Concurrency, number>>
}

const sizes: Readonly<Record<Scale, Sizes>> = {
  full: { rounds: 5, jobs: { 100: 10_000, 1: 1_500 } },
  quick: { rounds: 1, jobs: { 100: 500, 1: 100 } },
}

/** The results of one round: jobs a second by label. */
type Round = Map<string, number>

const perSecondOf = (jobs: number, ms: number): number => (jobs / ms) * 1000

async function ours(jobs: Sizes['jobs']): Promise<Round> {
  const bench = await startOurs()
  const found: Round = new Map()
  const { token } = await bench.register('bench')
  for (const at of concurrencies) {
    const count = jobs[at]
    const queue = async (): Promise<void> => {
      await greet(bench, token)
      await fillOurs(bench, count)
    }
    await queue()
    found.set(`socket ${at}`, perSecondOf(count, await drain(bench.url, token, count, at)))
    await queue()
    found.set(`sdk ${at}`, perSecondOf(count, await drainBySdk(bench, token, count, at)))
    await queue()
    const before = await bench.copied()
    let after = before
    const ms = await timed(async () => {
      await drain(bench.url, token, count, at)
      after = await bench.copied()
    })
    if (after - before < 2 * count) throw new Error(`${after - before} audit rows of ${count} jobs are in D1`)
    found.set(`copied ${at}`, perSecondOf(count, ms))
  }
  await bench.stop()
  return found
}

async function bareObjects(jobs: Sizes['jobs']): Promise<Round> {
  const found: Round = new Map()
  for (const at of concurrencies) {
    found.set(`floor ${at}`, await floorRate(jobs[at], at))
    found.set(`copying floor ${at}`, await floorRate(jobs[at], at, { copies: true }))
  }
  return found
}

async function theirs(peer: Peer, jobs: Sizes['jobs']): Promise<Round> {
  const found: Round = new Map()
  for (const at of concurrencies) {
    await peer.fill(jobs[at])
    found.set(`${peer.name} ${at}`, perSecondOf(jobs[at], await peer.drain(jobs[at], at)))
  }
  return found
}

/** The targets by peer: at least as fast as pg-boss and graphile-worker, and at 100 jobs at once faster than BullMQ by a margin. */
const targets: Readonly<Record<string, Target>> = {
  'sdk BullMQ 100': atLeast(1.5, obstacles.trailAndCopy),
  'sdk BullMQ 1': atLeast(1, obstacles.flushPerJob),
  'socket BullMQ 100': atLeast(1.5, obstacles.trailAndCopy),
  'socket BullMQ 1': atLeast(1, obstacles.flushPerJob),
  'sdk pg-boss 100': atLeast(1, obstacles.statementsForMany),
  'sdk pg-boss 1': atLeast(1),
  'sdk graphile-worker 100': atLeast(1),
  'sdk graphile-worker 1': atLeast(1, obstacles.nothingOverlaps),
}

function figuresOf(rounds: readonly Round[], peers: readonly Peer[]): readonly Figure[] {
  const of = (label: string): readonly number[] => rounds.map((round) => round.get(label) ?? Number.NaN)
  const bullMq = peers.filter(({ name }) => name.startsWith('BullMQ'))
  return concurrencies.flatMap((at) => {
    const how = at === 1 ? 'one at a time' : `${at} at once`
    const rate = (what: string, label: string): Figure => figure(`${what}, ${how}`, 'jobs/s', of(`${label} ${at}`))
    const compared = (what: string, label: string, against: string, other: string): Figure =>
      ratio(`${what}, against ${against}, ${how}`, of(`${label} ${at}`), of(`${other} ${at}`), targets[`${label} ${other} ${at}`])
    return [
      rate('bare object', 'floor'),
      rate('bare object that copies to D1, until all is there', 'copying floor'),
      rate('ours, frames on one socket', 'socket'),
      rate('ours, frames on one socket, until all is in D1', 'copied'),
      rate('ours, through the SDK', 'sdk'),
      ...peers.map(({ name }) => rate(name, name)),
      compared('frames on one socket', 'socket', 'the bare object', 'floor'),
      compared('the same, until all is in D1', 'copied', 'the bare object that copies', 'copying floor'),
      ...bullMq.flatMap(({ name }) => [
        compared('bare object', 'floor', name, name),
        compared('bare object that copies', 'copying floor', name, name),
        compared('frames on one socket', 'socket', name, name),
      ]),
      ...peers.map(({ name }) => compared('through the SDK', 'sdk', name, name)),
    ]
  })
}

async function run(scale: Scale): Promise<Answer> {
  const { rounds, jobs } = sizes[scale]
  const peers = await startPeers('all')
  const found: Round[] = []
  /** By peer, why it is not measured any more; the others continue. */
  const failed = new Map<string, string>()
  for (let index = 0; index < rounds; index += 1) {
    const round: Round = new Map()
    const add = (more: Round): void => more.forEach((value, label) => round.set(label, value))
    add(await bareObjects(jobs))
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
    question: `How many jobs a second are taken and completed by handlers that do nothing (${rounds} rounds of ${jobs[100]} and ${jobs[1]} jobs)?`,
    figures,
    notes: [
      'Jobs are queued first; the time runs from the start of the worker, ours and theirs, until the last job has ended. Ours keeps its audit trail and copies it to D1 while it works; the peers have neither.',
      'The bare object makes two updates of a row and two chained audit rows for each job and has no rules: the least that a durable job with an audit trail can cost here.',
      'The bare object that copies also writes its audit rows and ended jobs to D1, into the same tables and indexes as ours, one shipment a second: the least that a job with the audit trail and the copy can cost here. Its time, and that of ours in the rows "until all is in D1", ends when D1 has all rows.',
      'With `appendfsync always`, Redis flushes the disk before it answers, as ours and PostgreSQL do; in all three, changes that arrive together share a flush. The targets are for a Redis that flushes once a second and may lose the last second in a crash.',
      ...peers.notes,
      ...[...failed].map(([name, message]) => `${name} failed and is left out: ${message}`),
    ],
  }
}

export const bench: Bench = {
  about: 'jobs a second through the SDK and over one socket, beside BullMQ, pg-boss, graphile-worker and bare objects',
  expectedS: { full: 220, quick: 25 },
  run,
}
