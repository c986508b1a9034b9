/** Responsible for figures: medians, percentiles, and keeping raw values beside them. It measures nothing by itself. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

const sorted = (values: readonly number[]): number[] => [...values].sort((left, right) => left - right)

/** `share` from 0 to 1, nearest rank. */
export const percentile = (values: readonly number[], share: number): number => {
  const ordered = sorted(values)
  return ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] ?? Number.NaN
}
export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Runs `count` calls, `at` of them at a time, and answers how many a second. */
export async function perSecond(count: number, at: number, call: (index: number) => Promise<unknown>): Promise<number> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await call(next++)
  }
  const ms = await timed(() => Promise.all(Array.from({ length: at }, lane)))
  return (count / ms) * 1000
}

/** `target`: what we want to hold; figures that have none are told without one. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly raw: readonly number[]
  readonly target?: string
}

export interface Answer {
  readonly question: string
  readonly figures: readonly Figure[]
}

const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(3))

export function tell(name: string, answer: Answer): void {
  console.log(`\n${answer.question}`)
  for (const { what, value, unit, target } of answer.figures) {
    console.log(`  ${what.padEnd(58)} ${round(value).padStart(9)} ${unit}${target === undefined ? '' : `   (target ${target})`}`)
  }
  mkdirSync(new URL('./results/', import.meta.url), { recursive: true })
  const kept = { bench: name, at: new Date().toISOString(), node: process.version, cores: cpus().length, ...answer }
  writeFileSync(new URL(`./results/${name}.json`, import.meta.url), `${JSON.stringify(kept, null, 2)}\n`)
}
