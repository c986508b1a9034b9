/**
 * Responsible for the reference model of fan-outs, keys, schedules and parked accounts: what must hold after each command, checked only with what a
 * caller can see. Of each job it knows only what its dispatch answered.
 */
import type { Job, ScheduleRun } from '@modelreins/contract'

/** For each concurrency key, how many of its jobs may run at once. */
export const keyLimits = { 'repo:web': 1, 'gpu:0': 2 } as const
export type Key = keyof typeof keyLimits

export type World = {
  readonly jobs: readonly Job[]
  /** The runs of every schedule that was created. */
  readonly runs: readonly (readonly ScheduleRun[])[]
}

const hasEnded = (job: Job): boolean => job.status === 'done' || job.status === 'failed'

export class FamilyModel {
  now: number
  /** Level of the killswitch. */
  level = 0
  /** Jobs that a dispatch created, and jobs that ended: only a retry changes an ended job. */
  readonly dispatched = new Set<number>()
  readonly ended = new Map<number, { readonly status: string; readonly result: string | null }>()
  /** Number of retries of each fan-out: each retry may have a merge of its own. */
  readonly retries = new Map<number, number>()
  /** By job: the last observed step of its fallback chain. */
  readonly steps = new Map<number, number>()
  /** By worker: when its account has quota again. */
  readonly parkedUntil = new Map<string, number>()

  constructor(now: number) {
    this.now = now
  }

  readonly erased = new Set<number>()

  erase(ids: readonly number[]): void {
    for (const id of ids) {
      this.erased.add(id)
      this.dispatched.delete(id)
      this.ended.delete(id)
    }
  }

  /** Fan-outs that ended by a pick: no worker continues to work for them. */
  readonly endedByPick = new Set<number>()

  /** A member picked an answer: besides a retry, the only change of an ended fan-out. */
  picked(id: number, wasRunning: boolean): void {
    this.ended.delete(id)
    if (wasRunning) this.endedByPick.add(id)
  }

  retried(id: number): void {
    this.ended.delete(id)
    this.retries.set(id, (this.retries.get(id) ?? 0) + 1)
  }

  isParked(worker: string): boolean {
    return (this.parkedUntil.get(worker) ?? 0) > this.now
  }

  /** The number of offers in the answer to a poll. */
  offered(worker: string, count: number): void {
    if (this.isParked(worker) && count > 0)
      throw new Error(`Parking: ${worker} was offered ${count} jobs while its account is out of quota`)
  }

  check({ jobs, runs }: World): void {
    const back = jobs.find((job) => this.erased.has(job.id))
    if (back !== undefined) throw new Error(`Threads: job ${back.id} was erased and is listed`)
    for (const job of jobs) this.#checkEnd(job)
    for (const job of jobs) this.#checkChain(job)
    for (const key of Object.keys(keyLimits) as Key[])
      this.#checkKey(
        key,
        jobs.filter((job) => job.concurrency?.key === key),
      )
    for (const parent of jobs.filter((job) => job.kind === 'fan_out'))
      this.#checkFamily(
        parent,
        jobs.filter((job) => job.parent_id === parent.id),
      )
    this.#checkRuns(jobs, runs)
  }

  /** Checks that a job moves only forward on its chain, for a cause that the step allows, and to the target of that step. */
  #checkChain({ id, role, target, fallback }: Job): void {
    if (fallback === undefined) return
    const { step, after, asked, steps } = fallback
    const before = this.steps.get(id) ?? 0
    if (step < before) throw new Error(`Chain: job ${id} was at step ${before} and is at ${step}`)
    const place = step === 0 ? { ...asked, after: null } : steps[step - 1]
    // A child is meant for one worker at every step.
    const there = place?.target ?? (role === 'child' ? target : null)
    if (place === undefined || place.after !== after || there !== target)
      throw new Error(`Chain: job ${id} is at step ${step} after ${after}, for ${target}: ${JSON.stringify(fallback)}`)
    this.steps.set(id, step)
  }

  #checkEnd(job: Job): void {
    const before = this.ended.get(job.id)
    if (before !== undefined && (before.status !== job.status || before.result !== job.result))
      throw new Error(`I4: job ${job.id} was ${before.status} and is ${job.status}`)
    if (hasEnded(job)) this.ended.set(job.id, { status: job.status, result: job.result })
  }

  #checkKey(key: Key, jobs: readonly Job[]): void {
    // The parent of a fan-out runs nothing itself.
    const own = jobs.filter((job) => job.kind !== 'fan_out')
    const running = own.filter((job) => job.status === 'running')
    if (running.length > keyLimits[key])
      throw new Error(`Keys: ${running.length} jobs of ${key} run: ${running.map(({ id }) => id).join()}`)
    const waiting = own.filter((job) => job.status === 'pending' && job.hold === 'key')
    const taken = own.filter((job) => job.status === 'running' || (job.status === 'pending' && job.hold === null))
    if (waiting.length > 0 && taken.length === 0) throw new Error(`Keys: job ${waiting[0]?.id} waits for ${key}, which nobody has taken`)
  }

  #checkFamily(parent: Job, family: readonly Job[]): void {
    const children = family.filter((job) => job.role === 'child')
    const merges = family.filter((job) => job.role === 'merge')
    const say = (what: string): Error => new Error(`I10: fan-out ${parent.id} (${parent.status}, ${parent.merge?.by}) ${what}`)
    if (children.length < 2) throw say(`has ${children.length} children`)
    if (new Set(children.map(({ target }) => target)).size < children.length)
      throw say(`asks somebody twice: ${children.map(({ id, target }) => `${id} ${target}`).join()}`)
    if (merges.length > 1 + (this.retries.get(parent.id) ?? 0)) throw say(`has ${merges.length} merge jobs`)
    const unended = merges.filter((job) => !hasEnded(job))
    if (unended.length > 1) throw say(`merges twice at once: jobs ${unended.map(({ id }) => id).join()}`)
    if (!hasEnded(parent)) {
      if (parent.status !== 'running') throw say('does not run and has not ended')
      if (unended.length === 0 && children.every(hasEnded)) throw say('waits for nobody')
      return
    }
    if (unended.length > 0) throw say(`has ended, and its merge, job ${unended[0]?.id}, has not`)
    const aborted = parent.error?.type === 'aborted'
    if ((aborted || this.endedByPick.has(parent.id) || parent.merge?.by === 'first') && !children.every(hasEnded))
      throw say('has ended, and a child that nobody wants has not')
    if (parent.status === 'done') this.#checkAnswer(parent, children, merges, say)
  }

  #checkAnswer(parent: Job, children: readonly Job[], merges: readonly Job[], say: (what: string) => Error): void {
    const { merge } = parent
    if (merge == null) throw say('is done and has no account of its merge')
    if (merge.answered + merge.failed + merge.missing !== children.length)
      throw say(`counts ${JSON.stringify(merge)} of ${children.length}`)
    if (merge.answered === 0) throw say('is done though nobody answered')
    if (merge.picked !== undefined) {
      const child = children.find((job) => job.id === merge.picked?.job_id)
      if (child?.status !== 'done' || child.result !== parent.result || merge.degraded)
        throw say(`does not have the answer that was picked: ${JSON.stringify(merge)}`)
      return
    }
    if (merge.by === 'vote') {
      const votes = merge.counts?.reduce((sum, { count }) => sum + count, 0)
      if (votes !== merge.answered) throw say(`counts ${votes} votes of ${merge.answered} answers`)
      if (merge.counts?.[0]?.answer !== parent.result) throw say('does not have the most frequent answer')
    }
    if (merge.by === 'worker' && !merge.degraded) {
      const written = merges.find((job) => job.id === merge.job_id)
      if (written?.status !== 'done' || written.result !== parent.result) throw say('does not have the answer of its merge job')
    }
  }

  #checkRuns(jobs: readonly Job[], runs: World['runs']): void {
    const byRuns: number[] = []
    for (const ofOne of runs) {
      const met = ofOne.flatMap((run) => (run.outcome === 'missed' || run.due_at === null ? [] : [run.due_at]))
      if (new Set(met).size !== met.length) throw new Error(`Schedules: a due time was met twice: ${met.join()}`)
      byRuns.push(...ofOne.flatMap((run) => (run.outcome === 'dispatched' && run.job_id !== null ? [run.job_id] : [])))
    }
    if (new Set(byRuns).size !== byRuns.length) throw new Error(`Schedules: one job for two due times: ${byRuns.join()}`)
    const known = new Set([...this.dispatched, ...byRuns])
    const ids = new Set(jobs.map((job) => job.id))
    for (const id of known) if (!ids.has(id)) throw new Error(`I1: job ${id} is lost`)
    const stray = jobs.filter((job) => job.parent_id == null && !known.has(job.id))
    if (stray.length > 0) throw new Error(`I1: job ${stray[0]?.id} was made by nobody`)
  }
}
