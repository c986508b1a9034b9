/** Any sequence of dispatches, answers, crashes and waits leaves fan-outs with one answer, keys within their limits, and each due time run once. */
import * as fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant } from '../workers/durable-objects/tenant/harness.ts'
import type { WorkerHandle } from '../workers/durable-objects/tenant/harness.ts'
import { FamilyModel } from './family-model.ts'
import { familySteps, leastTried, nothingTried } from './family-steps.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('keeps I10, keys, schedules and parked accounts under any sequence of commands, crashes and waits', { timeout: 300_000 }, async () => {
  const tried = nothingTried()
  const seed = Math.floor(Math.random() * 0x7fff_ffff)
  console.log(`seed ${seed}`)
  await fc.assert(
    fc.asyncProperty(fc.commands(familySteps, { maxCommands: 50, size: 'max' }), async (commands) => {
      const clock = frozenTime()
      const tenant = await TestTenant.create()
      const workers: WorkerHandle[] = []
      for (const name of ['anna', 'bert', 'cleo']) workers.push(await tenant.worker(name, [], { slots: 4, provider: 'claude' }))
      const real = { tenant, workers, clock, held: [], schedules: [], seen: new Set<string>(), tried }
      await fc.asyncModelRun(() => ({ model: new FamilyModel(clock.now), real }), commands)
    }),
    { seed, numRuns: 25, interruptAfterTimeLimit: 100_000 },
  )
  console.log(`seed ${seed}: ${JSON.stringify(tried)}`)
  for (const [what, least] of Object.entries(leastTried))
    expect(tried[what as keyof typeof tried], `${what} with seed ${seed}`).toBeGreaterThanOrEqual(least)
})
