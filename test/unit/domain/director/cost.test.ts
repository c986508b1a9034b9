/** A cost is what was reported, or what a price makes of tokens; anything else is unknown, with the reason. */
import { expect, it } from 'vitest'
import { costOf } from '../../../../src/domain/director/cost.ts'
import { workerView } from './workforce.ts'

const price = { input: 1, output: 10 }
const tokens = (tokens_in: number, tokens_out: number) => ({ tokens_in, tokens_out })

it.each([
  ['nothing known', {}, [], /^unknown: no job of anna has reported its cost, and the catalogue has no price/],
  ['tokens without a price', {}, [tokens(5, 5)], /^unknown/],
  ['a price without tokens', { config: { price } }, [{}], /^unknown: no job of anna has reported how many tokens/],
  [
    'a price and tokens',
    { config: { price } },
    [tokens(1e6, 0), tokens(0, 1e6)],
    /^USD 1 to 10, by its price and the tokens of its last 2 jobs$/,
  ],
  ['a price of a rule', { rule: { model: '*', price } }, [tokens(1e6, 0)], /^USD 1, by its price and the tokens of its last job$/],
  ['what costs nothing', { config: { price: { input: 0, output: 0 } } }, [], /^USD 0, by its price$/],
  ['reported costs first', { config: { price } }, [tokens(1e6, 0), { cost_usd: 0.0123456 }], /^USD 0\.01235, as its last job reported$/],
] as const)('%s', (_, more, recent_usage, says) => {
  const cost = costOf(workerView('anna', { ...more, recent_usage }))
  expect(cost.says).toMatch(says)
  expect(cost.known).toBe(!cost.says.startsWith('unknown'))
})
