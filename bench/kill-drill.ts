/** Responsible for one question: how long after the reins are pulled does the last child of thirty workers run? The drill is the tests' own. */
import { killDrill } from '../test/support/drill/kill-drill.ts'
import { startServer } from '../test/support/server.ts'
import { median } from './measure.ts'
import type { Answer, Figure } from './measure.ts'

const workers = 30
const rounds = 3
const levels = [3, 4] as const

interface Round {
  readonly answerMs: number
  readonly goneMs: readonly number[]
}

/** A process for every worker: on the machine of the bench they all compete for its cores. */
async function round(level: number): Promise<Round> {
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

const last = ({ goneMs }: Round): number => Math.max(...goneMs)

function figuresOf(level: number, found: readonly Round[]): readonly Figure[] {
  const lasts = found.map(last)
  return [
    {
      what: `level ${level}: answer until the last child is gone, median`,
      value: median(lasts),
      unit: 'ms',
      raw: lasts,
      target: '<= 1000',
    },
    {
      what: `level ${level}: the same, slowest of ${rounds}`,
      value: Math.max(...lasts),
      unit: 'ms',
      raw: found.flatMap(({ goneMs }) => goneMs),
    },
    {
      what: `level ${level}: the call itself, median`,
      value: median(found.map(({ answerMs }) => answerMs)),
      unit: 'ms',
      raw: found.map(({ answerMs }) => answerMs),
    },
  ]
}

export async function killSwitchDrill(): Promise<Answer> {
  const figures: Figure[] = []
  for (const level of levels) {
    const found: Round[] = []
    for (let index = 0; index < rounds; index += 1) found.push(await round(level))
    figures.push(...figuresOf(level, found))
  }
  const question = `How long after the killswitch do children of ${workers} workers run that ignore TERM, each with a grandchild in a session of its own?`
  return { question, figures }
}
