/**
 * Responsible for one question: how long after the killswitch is raised does the last child process of thirty workers run? It uses the drill of the
 * tests.
 */
import { killDrill } from '../test/support/drill/kill-drill.ts'
import { startServer } from '../test/support/server.ts'
import { atMost, figure } from './measure.ts'
import type { Answer, Bench, Figure, Scale } from './measure.ts'

const sizes = { full: { workers: 30, rounds: 5 }, quick: { workers: 3, rounds: 1 } } as const
const levels = { full: [3, 4], quick: [4] } as const

interface Round {
  readonly answerMs: number
  readonly goneMs: readonly number[]
}

/** One process per worker; they all share the cores of this machine. */
async function round(level: number, workers: number): Promise<Round> {
  const server = await startServer()
  try {
    return await killDrill(
      { server, workers, processes: workers, pull: (owner) => owner.killswitch.raise({ level, reason: 'drill' }) },
      async ({ survivors }, fleet) => {
        if (survivors.length > 0) throw new Error(`${survivors.length} processes survived level ${level}`)
        await fleet.ended
      },
    )
  } finally {
    await server.close()
  }
}

async function run(scale: Scale): Promise<Answer> {
  const { workers, rounds } = sizes[scale]
  const figures: Figure[] = []
  for (const level of levels[scale]) {
    const found: Round[] = []
    for (let index = 0; index < rounds; index += 1) found.push(await round(level, workers))
    const lasts = found.map(({ goneMs }) => Math.max(...goneMs))
    figures.push(figure(`level ${level}: answer until the last child is gone`, 'ms', lasts, atMost(1000)))
    figures.push({
      what: `level ${level}: the same, slowest of ${rounds}`,
      value: Math.max(...lasts),
      unit: 'ms',
      raw: found.flatMap(({ goneMs }) => goneMs),
    })
    figures.push(
      figure(
        `level ${level}: the call itself`,
        'ms',
        found.map(({ answerMs }) => answerMs),
      ),
    )
  }
  const question = `How long after the killswitch do children of ${workers} workers run that ignore TERM, each with a grandchild in a session of its own (${rounds} rounds)?`
  return { question, figures }
}

export const bench: Bench = {
  about: 'from the killswitch until the last child of thirty workers is gone',
  expectedS: { full: 150, quick: 15 },
  run,
}
