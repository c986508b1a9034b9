/** Responsible for the five levels of the killswitch in plain words, and for what each would hit now. */
import type { Presence } from '@modelreins/contract'
import { plural } from '../../parts/time.tsx'

export interface Level {
  readonly level: number
  readonly name: string
  readonly effect: string
  readonly hits: (live: readonly Presence[]) => string
}

const running = (live: readonly Presence[]): number => live.reduce((sum, worker) => sum + worker.running, 0)

export const levels: readonly Level[] = [
  { level: 0, name: 'Clear', effect: 'Everything runs.', hits: () => 'Nothing is stopped.' },
  {
    level: 1,
    name: 'Hold',
    effect: 'New jobs are refused. What is queued is still given out, what runs runs on.',
    hits: () => 'No running job is interrupted.',
  },
  {
    level: 2,
    name: 'Drain',
    effect: 'New jobs are refused and no worker gets another one. What runs may end.',
    hits: (live) => `${plural(running(live), 'running job')} may end; ${plural(live.length, 'worker')} get nothing new.`,
  },
  {
    level: 3,
    name: 'Stop',
    effect: 'As Drain, and every running job is aborted: workers end its processes, and stay, paused.',
    hits: (live) => `${plural(running(live), 'running job')} aborted, ${plural(live.length, 'worker')} paused.`,
  },
  {
    level: 4,
    name: 'Halt',
    effect: 'As Stop, and every worker exits. Each must be started again by hand.',
    hits: (live) => `${plural(running(live), 'running job')} aborted, ${plural(live.length, 'worker')} exit.`,
  },
]
