/** Responsible for adding up an attempt's reported usage. Invalid values are left out and named, so that they do not fail the result. */
import { limits, type Usage } from '@modelreins/contract'

const amounts = ['tokens_in', 'tokens_out', 'cost_usd'] as const

const shown = (value: unknown): string =>
  typeof value === 'string'
    ? JSON.stringify(value.slice(0, 40))
    : typeof value === 'number' || value === null
      ? String(value)
      : typeof value

export class UsageTotal {
  #total: Usage | undefined

  /** Undefined: nothing valid was reported. */
  get total(): Usage | undefined {
    return this.#total
  }

  /** Adds a report in any form. Answers which part was left out, in words; undefined when all of it was valid. */
  add(reported: unknown): string | undefined {
    if (typeof reported !== 'object' || reported === null) return `usage was reported as ${shown(reported)}, not as an object`
    const said: Readonly<Record<string, unknown>> = { ...reported }
    const next: Usage = { ...this.#total }
    const wrong: string[] = []
    for (const name of amounts) {
      const value = said[name]
      if (value === undefined || value === null) continue
      const sum = typeof value === 'number' && value >= 0 ? (next[name] ?? 0) + value : Number.NaN
      if (Number.isFinite(sum)) next[name] = sum
      else wrong.push(`${name}: ${shown(value)}`)
    }
    const { model } = said
    if (typeof model === 'string') {
      next.model = model.slice(0, limits.name_chars)
      if (next.model !== model) wrong.push(`model: cut to ${limits.name_chars} characters`)
    } else if (model !== undefined && model !== null) wrong.push(`model: ${shown(model)}`)
    if (Object.keys(next).length > 0) this.#total = next
    return wrong.length === 0 ? undefined : `usage cannot be counted as it was reported (${wrong.join(', ')})`
  }
}
