/**
 * Responsible for the likely cost of a job at a worker, in US dollars: as its recent jobs reported it, or by the price of its tokens. Where neither
 * is known it says so and guesses nothing. Pure.
 */
import type { Preview, Usage } from '@modelreins/contract'
import { priceOf } from './catalogue.ts'
import type { WorkerView } from './matching.ts'

type Cost = Preview['choices'][number]['cost']

/** How many of a worker's newest jobs are considered. */
export const usageKept = 20

const round = (usd: number): number => Number(usd.toPrecision(4))

/** `USD 0.01 to 0.05`, or one number. */
const rangeInWords = (low: number, high: number): string => `USD ${low}${low === high ? '' : ` to ${high}`}`

function range(costs: readonly number[], from: 'reported' | 'price', said: string): Cost {
  const [low, high] = [round(Math.min(...costs)), round(Math.max(...costs))]
  return { known: true, low_usd: low, high_usd: high, from, jobs: costs.length, says: `${rangeInWords(low, high)}, ${said}` }
}

const unknown = (why: string): Cost => ({ known: false, low_usd: null, high_usd: null, from: null, jobs: 0, says: `unknown: ${why}` })

const jobsInWords = (count: number): string => (count === 1 ? 'its last job' : `its last ${count} jobs`)

/** `recent`: the usage that its newest jobs reported. */
export function costOf(worker: Pick<WorkerView, 'name' | 'config' | 'rule' | 'recent_usage'>): Cost {
  const recent: readonly Usage[] = worker.recent_usage ?? []
  const reported = recent.flatMap(({ cost_usd }) => (cost_usd === undefined ? [] : [cost_usd]))
  if (reported.length > 0) return range(reported, 'reported', `as ${jobsInWords(reported.length)} reported`)
  const price = priceOf(worker)
  if (price === undefined) return unknown(`no job of ${worker.name} has reported its cost, and the catalogue has no price for its model`)
  if (price.input === 0 && price.output === 0) return { ...range([0], 'price', 'by its price'), jobs: 0 }
  const priced = recent.flatMap(({ tokens_in, tokens_out }) =>
    tokens_in === undefined && tokens_out === undefined ? [] : [((tokens_in ?? 0) * price.input + (tokens_out ?? 0) * price.output) / 1e6],
  )
  if (priced.length === 0) return unknown(`no job of ${worker.name} has reported how many tokens it used`)
  return range(priced, 'price', `by its price and the tokens of ${jobsInWords(priced.length)}`)
}
