/** Responsible for adding up usage and computing its price. */
import { objectGb, prices } from './prices.ts'
import type { Priced } from './prices.ts'

/** How often each priced operation is used. */
export type Usage = Partial<Readonly<Record<Priced, number>>>

export const sum = (...parts: readonly Usage[]): Usage => {
  const total: Partial<Record<Priced, number>> = {}
  for (const part of parts) for (const [name, count] of entries(part)) total[name] = (total[name] ?? 0) + count
  return total
}

export const times = (count: number, usage: Usage): Usage => Object.fromEntries(entries(usage).map(([name, each]) => [name, each * count]))

export const awake = (seconds: number): Usage => ({ gb_second: seconds * objectGb })

export function entries(usage: Usage): readonly (readonly [Priced, number])[] {
  return (Object.keys(prices) as readonly Priced[]).flatMap((name) => (usage[name] === undefined ? [] : [[name, usage[name]] as const]))
}

export const dollars = (usage: Usage): number => entries(usage).reduce((total, [name, count]) => total + count * prices[name], 0)

/** An amount in dollars: `$0.0019`, `$0.35`, `$20.60`, `$1,204`. */
export function spelled(amount: number): string {
  if (amount === 0) return '$0'
  if (amount < 0.01) return `$${amount.toPrecision(2)}`
  if (amount < 1_000) return `$${amount.toFixed(2)}`
  return `$${Math.round(amount).toLocaleString('en')}`
}
