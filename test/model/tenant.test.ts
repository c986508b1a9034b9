/** Any sequence of commands, crashes and waits leaves the tenant in the state of the reference queue. */
import * as fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import { frozenTime, TestTenant } from '../workers/durable-objects/tenant/harness.ts'
import { watchRoster } from '../workers/durable-objects/tenant/workers/roster-oracle.ts'
import { aheadSteps } from './ahead-steps.ts'
import { personName, personSteps } from './person-steps.ts'
import { QueueModel } from './queue-model.ts'
import { gated, least, reviewerOf, steps } from './tenant-steps.ts'

const oracle = watchRoster(gated)
afterEach(() => {
  vi.useRealTimers()
})

it('keeps I1-I9 and I12-I14 under any sequence of commands, crashes and waits', { timeout: 300_000 }, async () => {
  const tried = { commands: 0, releases: 0, changes: 0, edits: 0, revocations: 0, persons: 0, handBacks: 0 }
  const seed = Math.floor(Math.random() * 0x7fff_ffff)
  console.log(`seed ${seed}`)
  await fc.assert(
    fc.asyncProperty(fc.commands([...steps, ...personSteps, ...aheadSteps], { maxCommands: 60, size: 'max' }), async (commands) => {
      const clock = frozenTime()
      const tenant = await TestTenant.create()
      const stranger = await TestTenant.create()
      const reviewer = await reviewerOf(tenant, 1)
      const person = await tenant.member('Rosa', 'operator')
      await tenant.must('work.join', { name: personName }, person.credential)
      const tier = [{ name: gated, risk_tier: 'approve' as const }]
      const workers = [await tenant.worker('anna', tier), await tenant.worker('bert', tier), await tenant.worker('cleo', tier)]
      await fc.asyncModelRun(
        () => ({
          model: new QueueModel(clock.now),
          real: { tenant, stranger, reviewer, person, revoked: [], workers, clock, offers: [], tried },
        }),
        commands,
      )
      expect(oracle.found).toEqual([])
    }),
    { seed, numRuns: 40, interruptAfterTimeLimit: 200_000 },
  )
  console.log(`seed ${seed}: ${JSON.stringify(tried)}`)
  for (const what of ['commands', 'releases', 'changes', 'edits', 'revocations', 'persons', 'handBacks'] as const)
    expect(tried[what], `${what} with seed ${seed}`).toBeGreaterThanOrEqual(least[what])
})
