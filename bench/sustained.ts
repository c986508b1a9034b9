/**
 * Responsible for one question: what rate remains when jobs arrive for a minute while they are copied to D1, compared with BullMQ under the same
 * load?
 */
import { setTimeout as pause } from 'node:timers/promises'
import { startPeers } from './all-peers.ts'
import { atLeast, figure, ratio } from './measure.ts'
import type { Answer, Bench, Figure, Scale } from './measure.ts'
import { obstacles } from './obstacles.ts'
import { fillOurs, greet, idleHandler } from './our-queue.ts'
import { bulk } from './peers/peer.ts'
import { startOurs } from './servers.ts'

const sizes = {
  full: { windows: 5, windowMs: 12_000, slots: 100 },
  quick: { windows: 2, windowMs: 1_500, slots: 100 },
} as const

/** Number of jobs that are kept waiting: enough that no worker runs out, few enough that the queue does not grow. */
const waiting = 3 * bulk

interface Load {
  readonly fill: (count: number) => Promise<void>
  /** Runs handlers that do nothing; `onDone` is called for each ended job. Returns a function that stops them. */
  readonly process: (onDone: () => void) => Promise<() => Promise<void>>
}

/** Keeps `waiting` jobs in the queue until it is stopped. */
class Feeder {
  done = 0
  #added = 0
  #stopped = false
  readonly #fill: Load['fill']

  constructor(fill: Load['fill']) {
    this.#fill = fill
  }

  async #topUp(): Promise<void> {
    while (this.#added - this.done < waiting && !this.#stopped) {
      await this.#fill(bulk)
      this.#added += bulk
    }
  }

  /** Resolves when the first jobs are queued; `ended` resolves when no more are added. */
  async start(): Promise<{ readonly ended: Promise<void> }> {
    await this.#topUp()
    const go = async (): Promise<void> => {
      await this.#topUp()
      if (this.#stopped) return
      await pause(5)
      return go()
    }
    return { ended: go() }
  }

  stop(): void {
    this.#stopped = true
  }
}

/** Jobs a second in each window, while jobs are dispatched and processed at the same time. */
async function rates(
  { fill, process }: Load,
  { windows, windowMs }: { readonly windows: number; readonly windowMs: number },
): Promise<number[]> {
  const feeder = new Feeder(fill)
  const { ended } = await feeder.start()
  const stop = await process(() => (feeder.done += 1))
  const found: number[] = []
  for (let index = 0; index < windows; index += 1) {
    const [before, begun] = [feeder.done, performance.now()]
    await pause(windowMs)
    found.push(((feeder.done - before) / (performance.now() - begun)) * 1000)
  }
  feeder.stop()
  await ended
  await stop()
  return found
}

async function ours(size: (typeof sizes)[Scale]): Promise<number[]> {
  const bench = await startOurs()
  const { token } = await bench.register('bench')
  await greet(bench, token)
  const found = await rates(
    {
      fill: (count) => fillOurs(bench, count),
      process: async (onDone) => {
        const worker = idleHandler(bench, token, size.slots, onDone)
        await worker.start()
        return () => worker.stop()
      },
    },
    size,
  )
  await bench.stop()
  return found
}

async function run(scale: Scale): Promise<Answer> {
  const size = sizes[scale]
  const peers = await startPeers('bullmq')
  const [peer] = peers.running
  const work = peer?.work
  const theirs =
    peer === undefined || work === undefined
      ? undefined
      : await rates({ fill: peer.fill, process: (onDone) => work(size.slots, onDone) }, size)
  await peers.stop()
  const our = await ours(size)
  const figures: Figure[] = [figure('ours, through the SDK, 100 at once', 'jobs/s', our)]
  if (theirs !== undefined) {
    figures.push(figure('BullMQ, 100 at once', 'jobs/s', theirs))
    figures.push(ratio('through the SDK, against BullMQ, sustained', our, theirs, atLeast(1.5, obstacles.trailAndCopy)))
  }
  return {
    question: `How many jobs a second are dispatched and completed at the same time, for ${(size.windows * size.windowMs) / 1000} s (${size.windows} windows)?`,
    figures,
    notes: ['One process dispatches in bulk and runs the handlers, in both.', ...peers.notes],
  }
}

export const bench: Bench = {
  about: 'the same for a minute while jobs keep coming, beside BullMQ',
  expectedS: { full: 130, quick: 15 },
  run,
}
