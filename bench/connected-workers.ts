/**
 * Responsible for two questions about thousands of connected workers: what does a dispatch cost with them connected, and what do they cost while
 * idle?
 */
import { setTimeout as pause } from 'node:timers/promises'
import { limits } from '../contract/src/index.ts'
import { startFleet } from './fleet.ts'
import type { Fleet } from './fleet.ts'
import { idleSockets } from './idle-sockets.ts'
import type { Memory } from './idle-sockets.ts'
import { atMost, figure, ratio, takingTurns, timed } from './measure.ts'
import type { Answer, Bench, Figure, Scale } from './measure.ts'
import { obstacles } from './obstacles.ts'
import { payload } from './peers/peer.ts'
import type { Reading } from './runtime-process.ts'
import { post } from './servers.ts'

/** Sizes and times. An alarm follows the last commit for a minute; after that, the only task left is to sign a head ten minutes later. */
const sizes = {
  full: { fleets: [10, 5_000], rounds: 5, jobs: 60, settleMs: 75_000, idleMs: 45_000 },
  quick: { fleets: [10, 60], rounds: 1, jobs: 15, settleMs: 2_000, idleMs: 3_000 },
} as const

const named = (fleet: Fleet): string => `${fleet.size.toLocaleString('en')} connected workers`

/** Milliseconds from a dispatch until a free worker has ended the job. */
async function dispatch(fleet: Fleet): Promise<number> {
  const ended = fleet.nextEnd()
  const ms = await timed(() => post(`${fleet.bench.url}/api/v1/dispatch`, fleet.bench.ownerKey, payload))
  await ended
  return ms
}

async function dispatchFigures(fleets: readonly Fleet[], rounds: number, jobs: number): Promise<readonly Figure[]> {
  for (const fleet of fleets) for (let index = 0; index < 20; index += 1) await dispatch(fleet)
  const found = await takingTurns(
    rounds,
    jobs,
    fleets.map((fleet) => () => dispatch(fleet)),
  )
  const [few = [], many = []] = found
  return [
    ...fleets.map((fleet, at) => figure(`dispatch among ${named(fleet)}`, 'ms', found[at] ?? [])),
    ratio('dispatch among many against few', many, few, atMost(1.3)),
  ]
}

function idleFigures(fleet: Fleet, before: Reading, after: Reading): readonly Figure[] {
  const spent = after.seconds - before.seconds
  return [
    figure(`${named(fleet)}, idle: database files changed (0: none)`, '', [before.stored === after.stored ? 0 : 1], atMost(0)),
    figure(`${named(fleet)}, idle: processor time of the runtime`, 's', [spent]),
    figure(`${named(fleet)}, idle: memory of the runtime`, 'MiB', [before.megabytes, after.megabytes]),
  ]
}

/** `bare`: the memory of a connection to a bare object that does nothing with it. */
function memoryFigures([few, many]: readonly Memory[], [fewer, more]: readonly [number, number], bare: Memory): readonly Figure[] {
  const each = (of: keyof Memory): number => ((many?.[of] ?? 0) - (few?.[of] ?? 0)) / (more - fewer)
  return [
    figure('memory for each further idle worker', 'KiB', [each('process')], atMost(50, obstacles.connection)),
    figure('the same for each further idle connection of the bare object', 'KiB', [bare.process]),
    figure('memory for each further idle worker, beyond that of the bare object', 'KiB', [each('process') - bare.process], atMost(50)),
    figure('of it in the heap of the isolate', 'KiB', [each('heap')]),
    figure('in the heap of the bare object, for each connection', 'KiB', [bare.heap]),
  ]
}

async function run(scale: Scale): Promise<Answer> {
  const { fleets: counts, rounds, jobs, settleMs, idleMs } = sizes[scale]
  const fleets: Fleet[] = []
  for (const count of counts) fleets.push(await startFleet(count))
  const figures = [...(await dispatchFigures(fleets, rounds, jobs))]
  await pause(settleMs)
  const before = fleets.map((fleet) => fleet.read())
  await pause(idleMs)
  const after = fleets.map((fleet) => fleet.read())
  for (const [at, fleet] of fleets.entries()) {
    if (fleet.closed() > 0) throw new Error(`${fleet.closed()} of ${fleet.size} sockets were closed`)
    const [first, last] = [before[at], after[at]]
    if (first !== undefined && last !== undefined) figures.push(...idleFigures(fleet, first, last))
  }
  const memories: Memory[] = []
  for (const fleet of fleets) memories.push(await fleet.memory())
  for (const fleet of fleets) await fleet.stop()
  figures.push(...memoryFigures(memories, counts, await idleSockets(counts[0], counts[1])))
  return {
    question: `What does a dispatch cost among thousands of connected workers (${rounds} rounds of ${jobs}, medians), and what do they cost in ${idleMs / 1000} s without work (a ping every ${limits.heartbeat_socket_ms / 1000} s each)?`,
    figures,
    notes: [
      'Memory and processor time are those of the whole runtime process, which holds the connections too; on Cloudflare a connection that sleeps is not in the object. The memory of each worker is read after a forced collection, when the object has left memory and its connections stay (awake, a worker has about 2 KiB of its heap); the bare object holds as many connections in the same run.',
    ],
  }
}

export const bench: Bench = {
  about: 'a dispatch among 5,000 connected workers against 10; rows, time and memory of 5,000 idle ones',
  expectedS: { full: 150, quick: 15 },
  run,
}
