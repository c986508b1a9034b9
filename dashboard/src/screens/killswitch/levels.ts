/** Responsible for the five levels of the killswitch in plain words, and for what each would affect now. */
import type { JobCounts, Presence } from '@modelreins/contract'
import { plural } from '../../parts/time.tsx'

export interface Level {
  readonly level: number
  readonly name: string
  readonly effect: string
  readonly hits: (live: readonly Presence[], counts: JobCounts | undefined) => string
}

const queued = (counts: JobCounts | undefined): string => {
  if (counts === undefined) return 'queued jobs'
  const waiting = Math.min(counts.counted_to, counts.pending + counts.retry)
  return waiting >= counts.counted_to ? `${counts.counted_to} or more queued jobs` : plural(waiting, 'queued job')
}
const running = (live: readonly Presence[]): number => live.reduce((sum, worker) => sum + worker.running, 0)

export const levels: readonly Level[] = [
  { level: 0, name: 'Clear', effect: 'Everything runs.', hits: () => 'Nothing is stopped.' },
  {
    level: 1,
    name: 'Hold',
    effect: 'New jobs are refused. Queued jobs still go to workers, and running jobs continue.',
    hits: (live, counts) => `${plural(running(live), 'running job')} and ${queued(counts)} go on; nothing new comes in.`,
  },
  {
    level: 2,
    name: 'Drain',
    effect: 'New jobs are refused and no worker gets another one. Running jobs may finish.',
    hits: (live, counts) =>
      `${plural(running(live), 'running job')} may finish; ${queued(counts)} wait; ${plural(live.length, 'worker gets', 'workers get')} nothing new.`,
  },
  {
    level: 3,
    name: 'Stop',
    effect: 'As Drain, and every running job is aborted: workers end its processes, stay connected and are paused.',
    hits: (live, counts) =>
      `${plural(running(live), 'running job')} aborted, ${plural(live.length, 'worker')} paused, ${queued(counts)} wait.`,
  },
  {
    level: 4,
    name: 'Halt',
    effect: 'As Stop, and every worker exits. Each must be started again by hand.',
    hits: (live, counts) =>
      `${plural(running(live), 'running job')} aborted, ${plural(live.length, 'worker exits', 'workers exit')}, ${queued(counts)} wait.`,
  },
]
