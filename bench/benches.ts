/** Responsible for the list of benches, in the order in which they run: the most important questions first. */
import type { Bench } from './measure.ts'

/** Loaded one at a time, each in its own process, so that no bench measures memory that another one left. */
export const benches = {
  throughput: () => import('./throughput.ts'),
  sustained: () => import('./sustained.ts'),
  'http-calls': () => import('./http-calls.ts'),
  'start-latency': () => import('./start-latency.ts'),
  'deep-queue': () => import('./deep-queue.ts'),
  'long-history': () => import('./long-history.ts'),
  'connected-workers': () => import('./connected-workers.ts'),
  rows: () => import('./rows.ts'),
  bundle: () => import('./bundle.ts'),
  'kill-drill': () => import('./kill-drill.ts'),
  dashboard: () => import('./dashboard.ts'),
} as const satisfies Record<string, () => Promise<{ readonly bench: Bench }>>

export type BenchName = keyof typeof benches

export const benchNames = Object.keys(benches) as readonly BenchName[]
export const isBench = (name: string): name is BenchName => Object.hasOwn(benches, name)
