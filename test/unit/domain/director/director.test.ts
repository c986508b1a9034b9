import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { efforts, presenceStates, type Effort } from '@modelreins/contract'
import { best as firstOf, describe as tell, rank, type JobView } from '../../../../src/domain/director/director.ts'
import { mayDo, type Requirements, type WorkerView } from '../../../../src/domain/director/matching.ts'
import { fleet, fleetNames, fleetWith, workerView, type FleetName, openBreaker } from './workforce.ts'

const now = 1_800_000_000_000
const anything: Requirements = { capability: null, pinned: null, tags: [], networks: [], provider: null, model: null }
const job = (effort: Effort, more: Partial<JobView> = {}): JobView => ({ wants: anything, effort, thread_id: null, ...more })
const namesOf = (view: JobView, workers: readonly WorkerView[]): readonly string[] => rank(view, workers, now).map((one) => one.worker.name)
const best = (view: JobView, workers: readonly WorkerView[]): string => namesOf(view, workers)[0] ?? ''

/** The rows of the first table below a heading of the page, as lists of plain cells. */
function table(heading: string): readonly (readonly string[])[] {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/explanation/director.md'), 'utf8')
  const section = page.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
}

const effortOf = (cell: string | undefined): Effort => {
  const found = efforts.find((effort) => effort === cell)
  if (found === undefined) throw new Error(`${cell} is no effort`)
  return found
}
const memberOf = (cell: string | undefined): FleetName => {
  if (cell === undefined || !fleetNames.includes(cell)) throw new Error(`${cell} is not one of the five`)
  // Just checked.
  return cell as FleetName
}

const byEffort = table('What each effort asks for').map(([effort, , first, next, thread]) => ({
  effort: effortOf(effort),
  first: memberOf(first),
  next: memberOf(next),
  keepsThread: thread === 'yes',
}))

describe('a preferred worker', () => {
  it.each(efforts)('goes first for %s, whatever its class, unless it cannot work', (effort) => {
    for (const name of fleetNames) {
      const all = fleetWith({})
      const id = all.find((worker) => worker.name === name)?.worker_id ?? ''
      expect(best(job(effort, { prefer: [id] }), all)).toBe(name)
      expect(best(job(effort, { prefer: [id] }), fleetWith({ [name]: { breaker: openBreaker(now + 60_000) } }))).not.toBe(name)
    }
  })
})

describe('a worker that has started more jobs than it has slots', () => {
  it.each(efforts)('is as full as any full one, for %s', (effort) => {
    const scoreOf = (running: number): unknown => rank(job(effort), [{ ...fleet.premium, running, slots: 1 }], now)[0]?.score
    expect(scoreOf(64)).toBe(scoreOf(1))
  })
})

describe('the effort table of the documentation', () => {
  it('has a row for every effort', () => {
    expect(byEffort.map(({ effort }) => effort)).toEqual(efforts)
  })

  it.each(byEffort)('$effort goes to $first', ({ effort, first }) => {
    expect(best(job(effort), fleetWith({}))).toBe(first)
  })

  it.each(byEffort)('$effort goes to $next when $first has no free slot', ({ effort, first, next }) => {
    expect(best(job(effort), fleetWith({ [first]: { running: 1, slots: 1, state: 'busy' } }))).toBe(next)
  })

  it.each(byEffort)('$effort stays with $first while a slot is free', ({ effort, first }) => {
    expect(best(job(effort), fleetWith({ [first]: { running: 1, slots: 2, state: 'busy' } }))).toBe(first)
  })

  it.each(byEffort)('$effort goes to $next while the breaker of $first is open', ({ effort, first, next }) => {
    expect(best(job(effort), fleetWith({ [first]: { breaker: openBreaker(now + 1) } }))).toBe(next)
    expect(best(job(effort), fleetWith({ [first]: { breaker: workerView('x').breaker } }))).toBe(first)
  })

  it.each(byEffort)('$effort leaves $first before it has failed five times in a row', ({ effort, first, next }) => {
    expect(best(job(effort), fleetWith({ [first]: { recent_failures: 4 } }))).toBe(next)
  })

  it.each(byEffort)('$effort follows its thread to $next: $keepsThread', ({ effort, first, next, keepsThread }) => {
    const workers = fleetWith({ [next]: { last_threads: ['chat'] } })
    expect(best(job(effort, { thread_id: 'chat' }), workers)).toBe(keepsThread ? next : first)
    expect(best(job(effort, { thread_id: 'another' }), workers)).toBe(first)
  })

  it.each(byEffort)('$effort goes to a live worker before $first that is offline', ({ effort, first, next }) => {
    expect(best(job(effort), fleetWith({ [first]: { state: 'offline' } }))).toBe(next)
  })

  it.each(byEffort)('$effort goes to $first last when it does not answer offers', ({ effort, first, next }) => {
    expect(best(job(effort), fleetWith({ [first]: { state: 'deaf' } }))).toBe(next)
  })
})

describe('workers of one class', () => {
  const pair = (left: Partial<WorkerView>, right: Partial<WorkerView>): readonly WorkerView[] => [
    { ...fleet.premium, name: 'left', worker_id: 'wkleft00000', slots: 4, ...left },
    { ...fleet.premium, name: 'right', worker_id: 'wkright0000', slots: 4, ...right },
  ]

  it.each(efforts)('share the load (%s)', (effort) => {
    expect(best(job(effort), pair({ running: 2 }, { running: 1 }))).toBe('right')
  })

  it.each(efforts)('are taken by their failures (%s)', (effort) => {
    expect(best(job(effort), pair({ recent_failures: 1 }, {}))).toBe('right')
  })

  it.each(efforts)('are taken by what they say of themselves in their config (%s)', (effort) => {
    expect(best(job(effort), pair({ config: { quality: 0, speed: 0, cost: 0 } }, { config: { quality: 1, speed: 1, cost: 1 } }))).toBe(
      'right',
    )
  })

  it('are taken by how long their jobs take, where speed counts', () => {
    expect(best(job('quick'), pair({ mean_duration_ms: 300_000 }, { mean_duration_ms: 20_000 }))).toBe('right')
  })

  it('are told apart by name when nothing else does', () => {
    expect(namesOf(job('standard'), pair({}, {}))).toEqual(['left', 'right'])
  })
})

const views: fc.Arbitrary<readonly WorkerView[]> = fc
  .array(
    fc.record({
      member: fc.constantFrom(...Object.values(fleet)),
      state: fc.constantFrom(...presenceStates),
      running: fc.nat(4),
      slots: fc.integer({ min: 1, max: 4 }),
      recent_failures: fc.nat(4),
      paused: fc.boolean(),
      breaker: fc.constantFrom(workerView('x').breaker, openBreaker(now + 60_000)),
      mean_duration_ms: fc.option(fc.nat(3_600_000)),
      last_threads: fc.subarray(['chat']),
      tags: fc.subarray(['gpu', 'eu']),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) =>
    parts.map(({ member, ...more }, index) => ({ ...member, ...more, name: `worker-${index}`, worker_id: `wkworker000${index}` })),
  )
const jobs = fc.record({
  effort: fc.constantFrom(...efforts),
  thread_id: fc.constantFrom(null, 'chat'),
  wants: fc.subarray(['gpu', 'eu']).map((tags) => ({ ...anything, tags })),
})

describe('a ranking', () => {
  it('holds every worker once, each with a reason, whatever the order it was given in', () => {
    fc.assert(
      fc.property(jobs, views, fc.nat(), (view, workers, turn) => {
        const turned = workers.map((_, index) => workers[(index + turn) % workers.length] ?? workers[0]) as readonly WorkerView[]
        const names = namesOf(view, workers)
        expect(names.toSorted()).toEqual(workers.map(({ name }) => name).toSorted())
        expect(namesOf(view, turned)).toEqual(names)
        for (const verdict of rank(view, workers, now)) expect(verdict.reasons.length).toBeGreaterThan(0)
      }),
    )
  })

  it('puts those that may and are live first, then those whose breaker is open, then those that may, then the others, each by score', () => {
    fc.assert(
      fc.property(jobs, views, (view, workers) => {
        const verdicts = rank(view, workers, now)
        const order = verdicts.map(({ eligible, live, worker }) => (eligible ? (live ? (worker.breaker.state === 'open' ? 1 : 0) : 2) : 3))
        expect(order).toEqual(order.toSorted())
        for (const [index, verdict] of verdicts.entries()) {
          expect(verdict.eligible).toBe(mayDo(view.wants, verdict.worker))
          expect(verdict.score === null).toBe(!verdict.eligible)
          const next = verdicts[index + 1]
          if (next !== undefined && order[index] === order[index + 1]) expect(verdict.score ?? 0).toBeGreaterThanOrEqual(next.score ?? 0)
        }
      }),
    )
  })

  it('is not needed to find its first', () => {
    fc.assert(
      fc.property(jobs, views, (view, workers) => {
        expect(firstOf(view, workers, now)?.worker.name).toBe(rank(view, workers, now)[0]?.worker.name)
      }),
    )
    expect(firstOf(job('standard'), [], now)).toBeUndefined()
  })

  it('looks at each worker once to find the first, and puts nothing in words', () => {
    let reads = 0
    const counted = (worker: WorkerView): WorkerView =>
      new Proxy(worker, {
        get: (target, name) => {
          reads += 1
          return Reflect.get(target, name) as unknown
        },
      })
    const fleet = 2_000
    const workers = Array.from({ length: fleet }, (_, index) => counted(workerView(`w${index}`, { running: index % 7, slots: 8 })))
    const found = firstOf(job('standard'), workers, now)
    expect(reads / fleet).toBeLessThan(60)
    const before = reads
    expect(found?.reasons.length).toBeGreaterThan(0)
    expect(reads - before).toBeLessThan(60)
  })

  it('never prefers a worker for one more failure, or for one more job than it has slots', () => {
    fc.assert(
      fc.property(jobs, views, (view, workers) => {
        const [first] = workers
        if (first === undefined) return
        const place = (worker: WorkerView): number => namesOf(view, [worker, ...workers.slice(1)]).indexOf(first.name)
        expect(place({ ...first, recent_failures: first.recent_failures + 1 })).toBeGreaterThanOrEqual(place(first))
        expect(place({ ...first, running: Math.max(first.running, first.slots) })).toBeGreaterThanOrEqual(place({ ...first, running: 0 }))
      }),
    )
  })
})

describe('the words for a ranking', () => {
  it('name each worker with what is against it, and count those left out', () => {
    const paused = Array.from({ length: 4 }, (_, index) => workerView(`w${index}`, { paused: true }))
    expect(tell(rank(job('standard'), paused, now), 2)).toBe('w0 is paused; w1 is paused; and 2 more')
    expect(tell(rank(job('standard'), paused.slice(0, 1), now))).toBe('w0 is paused')
  })

  it('say what moved the score', () => {
    const [verdict] = rank(
      job('quick', { thread_id: 'chat' }),
      [{ ...fleet.premium, running: 1, slots: 2, recent_failures: 2, last_threads: ['chat'], mean_duration_ms: 90_000, state: 'offline' }],
      now,
    )
    expect(verdict?.reasons).toEqual([
      'is offline',
      expect.stringContaining('premium'),
      'runs 1 of 2',
      'failed its last 2 attempts',
      'has worked on this thread',
      'takes 90 s on average',
    ])
  })
})
