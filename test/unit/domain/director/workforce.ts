/** Responsible for workers as routing sees them, for tests of the Director: one of each class, idle unless a test says otherwise. */
import type { WorkerView } from '../../../../src/domain/director/matching.ts'

export const workerView = (name: string, more: Partial<WorkerView> = {}): WorkerView => ({
  worker_id: `wk${name.replaceAll(/[^a-z0-9]/g, '').padEnd(10, '0')}`,
  name,
  kind: 'silicon',
  capabilities: [],
  config: {},
  tags: [],
  networks: [],
  provider: null,
  model: null,
  paused: false,
  revoked: false,
  state: 'idle',
  slots: 1,
  running: 0,
  recent_failures: 0,
  breaker: { state: 'closed', until: null, faults: 0, last: null },
  mean_duration_ms: null,
  last_threads: [],
  ...more,
})

/** The five workers of docs/explanation/director.md, by the names that its tables use. */
export const fleet = {
  'local small': workerView('local small', { provider: 'ollama-http', model: 'llama3.2:3b' }),
  'local large': workerView('local large', { provider: 'ollama-http', model: 'llama3.3:70b' }),
  'cheap hosted': workerView('cheap hosted', { provider: 'claude', model: 'claude-haiku-4-5' }),
  'standard hosted': workerView('standard hosted', { provider: 'claude', model: 'claude-sonnet-4-5' }),
  premium: workerView('premium', { provider: 'claude', model: 'claude-opus-4-1' }),
} as const
export type FleetName = keyof typeof fleet
export const fleetNames: readonly string[] = Object.keys(fleet)

/** After five faults of the worker's own. */
export const openBreaker = (until: number): WorkerView['breaker'] => ({ state: 'open', until, faults: 5, last: 'spawn_failed' })

/** The fleet with some of its workers changed. */
export const fleetWith = (changes: Partial<Record<FleetName, Partial<WorkerView>>>): readonly WorkerView[] =>
  Object.entries(fleet).map(([name, view]) => ({ ...view, ...changes[name as FleetName] }))
