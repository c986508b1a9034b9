/** Usage as handlers and providers' servers really report it: what counts adds up, the rest is named. */
import { describe, expect, it } from 'vitest'
import { usage } from '@modelreins/contract'
import { UsageTotal } from '../../../../../worker-sdk/src/worker/job/usage-total.ts'

it('adds up amounts and keeps the last model', () => {
  const total = new UsageTotal()
  expect(total.total).toBeUndefined()
  expect(total.add({ tokens_in: 10, tokens_out: 1, model: 'small' })).toBeUndefined()
  expect(total.add({ tokens_in: 5, cost_usd: 0.25, model: 'large' })).toBeUndefined()
  expect(total.total).toEqual({ tokens_in: 15, tokens_out: 1, cost_usd: 0.25, model: 'large' })
})

it('takes an absent amount in any spelling', () => {
  const total = new UsageTotal()
  expect(total.add({ tokens_in: null, tokens_out: undefined, model: null })).toBeUndefined()
  expect(total.total).toBeUndefined()
})

describe.each<[string, unknown, string]>([
  ['a negative amount', { tokens_in: -1 }, 'tokens_in: -1'],
  ['a text', { tokens_in: '12' }, 'tokens_in: "12"'],
  ['a cost that is no number', { cost_usd: Number.NaN }, 'cost_usd: NaN'],
  ['an amount without end', { tokens_out: Number.POSITIVE_INFINITY }, 'tokens_out: Infinity'],
  ['a model that is no text', { model: { name: 'x' } }, 'model: object'],
  ['no object', 12, '12'],
  ['nothing', null, 'null'],
])('leaves out %s', (_, reported, words) => {
  it('names it, keeps what was counted before, and what it keeps is what the server takes', () => {
    const total = new UsageTotal()
    total.add({ tokens_in: 7, tokens_out: 2, cost_usd: 1, model: 'm' })
    expect(total.add(reported)).toContain(words)
    expect(total.total).toEqual({ tokens_in: 7, tokens_out: 2, cost_usd: 1, model: 'm' })
    expect(usage.safeParse(total.total).success).toBe(true)
  })
})

it('cuts the name of a model to what the server takes', () => {
  const total = new UsageTotal()
  expect(total.add({ tokens_in: 1, model: 'm'.repeat(200) })).toContain('cut to 120')
  expect(total.total).toEqual({ tokens_in: 1, model: 'm'.repeat(120) })
  expect(usage.safeParse(total.total).success).toBe(true)
})

it('does not add up to more than a number holds', () => {
  const total = new UsageTotal()
  total.add({ cost_usd: Number.MAX_VALUE })
  expect(total.add({ cost_usd: Number.MAX_VALUE })).toContain('cost_usd')
  expect(total.total).toEqual({ cost_usd: Number.MAX_VALUE })
})
