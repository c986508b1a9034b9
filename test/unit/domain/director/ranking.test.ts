/** A kept order of workers is the one that comparing them all anew would give, whatever changes in between. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rank } from '../../../../src/domain/director/director.ts'
import type { JobView } from '../../../../src/domain/director/director.ts'
import type { WorkerView } from '../../../../src/domain/director/matching.ts'
import { keyOfKind, kindOf, Ranking } from '../../../../src/domain/director/ranking.ts'
import { openBreaker, workerView } from './workforce.ts'

const wants = { capability: null, pinned: null, tags: [], networks: [], provider: null, model: null }
const job = (more: Partial<JobView> = {}): JobView => ({ wants, effort: 'standard', thread_id: null, ...more })
const now = 1_000

const jobs = fc.record({
  wants: fc
    .record({
      capability: fc.constantFrom(null, null, 'mail.send'),
      tags: fc.constantFrom([], [], ['gpu']),
      provider: fc.constantFrom(null, null, 'claude'),
    })
    .map((some) => ({ ...wants, ...some })),
  effort: fc.constantFrom('trivial', 'quick', 'standard', 'deep', 'critical' as const),
  thread_id: fc.constant(null),
})

const changes = fc.record({
  capabilities: fc.constantFrom([], [{ name: 'mail.send', risk_tier: 'auto' as const }]),
  tags: fc.constantFrom([], ['gpu'], ['gpu', 'big']),
  provider: fc.constantFrom(null, 'claude', 'ollama-http'),
  model: fc.constantFrom(null, 'claude-opus-4-1', 'claude-haiku-4-5', 'llama3.2:3b'),
  paused: fc.constantFrom(false, false, false, true),
  state: fc.constantFrom('idle', 'busy', 'deaf', 'offline' as const),
  slots: fc.integer({ min: 1, max: 4 }),
  running: fc.integer({ min: 0, max: 5 }),
  recent_failures: fc.integer({ min: 0, max: 3 }),
  breaker: fc.constantFrom(workerView('x').breaker, openBreaker(now + 1), {
    ...openBreaker(now),
    state: 'half-open' as const,
    until: null,
  }),
  parked_until: fc.constantFrom(null, null, now + 500),
  mean_duration_ms: fc.option(fc.integer({ min: 0, max: 900_000 })),
})

/** Few names, so that the same workers change again and again; null: the worker is gone. */
const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.option(changes, { freq: 8 })), { maxLength: 120 })

const names = (verdicts: readonly { readonly worker: WorkerView; readonly score: number | null }[]): readonly string[] =>
  verdicts.map(({ worker, score }) => `${worker.name} ${score}`)

const inOrder = (ranking: Ranking): readonly string[] =>
  names(Array.from({ length: ranking.size }, (_, index) => ranking.at(index) ?? []).flat())

describe('a ranking', () => {
  it('is in the order of all verdicts after any changes', () => {
    fc.assert(
      fc.property(jobs, steps, (wanted, changed) => {
        const fleet = new Map<string, WorkerView>()
        const ranking = new Ranking(kindOf(wanted), [], now)
        for (const [which, change] of changed) {
          const view = workerView(`worker ${which}`)
          if (change === null) {
            fleet.delete(view.worker_id)
            ranking.delete(view.worker_id)
          } else {
            fleet.set(view.worker_id, { ...view, ...change })
            ranking.set({ ...view, ...change }, now)
          }
        }
        const expected = names(rank(wanted, [...fleet.values()], now).filter(({ eligible }) => eligible))
        expect(inOrder(ranking)).toEqual(expected)
        expect(inOrder(new Ranking(kindOf(wanted), fleet.values(), now))).toEqual(expected)
      }),
    )
  })

  it('counts changes of the order, and none that leave everybody where they are', () => {
    const [anna, bert] = [workerView('anna'), workerView('bert')]
    const ranking = new Ranking(kindOf(job()), [anna, bert], now)
    ranking.set({ ...anna, state: 'online' }, now)
    expect(ranking.version).toBe(0)
    expect(ranking.at(0)?.worker.state).toBe('online')
    ranking.set({ ...anna, recent_failures: 1 }, now)
    expect([ranking.version, ranking.at(0)?.worker.name]).toEqual([1, 'bert'])
  })
})

describe('a kind of job', () => {
  it('is the same for jobs that differ only in the workers they name', () => {
    const one = job({ thread_id: 't', prefer: ['wk1'], wants: { ...wants, avoid: ['wk2'], pinned: 'wk3' } })
    expect(kindOf(one)).toEqual(kindOf(job()))
    expect(keyOfKind(one)).toBe(keyOfKind(job()))
  })

  it.each([
    { wants: { ...wants, capability: 'x' } },
    { wants: { ...wants, tags: ['x'] } },
    { wants: { ...wants, networks: ['x'] } },
    { wants: { ...wants, substrate: 'carbon' as const } },
    { wants: { ...wants, provider: 'x' } },
    { wants: { ...wants, model: 'x' } },
    { wants: { ...wants, mode: 'local' as const } },
    { effort: 'deep' as const },
  ])('differs by %j', (more) => {
    expect(keyOfKind(job(more))).not.toBe(keyOfKind(job()))
  })
})
