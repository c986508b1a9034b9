import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../worker-sdk/src/index.ts'
import { killDrill, type DrillResult } from '../support/drill/kill-drill.ts'
import type { Fleet } from '../support/drill/fleet.ts'
import { startServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const fleet = { workers: 6, processes: 3 }

async function allAborted(owner: Client, jobs: readonly number[], reason: string): Promise<void> {
  const found = await Promise.all(jobs.map((job_id) => owner.jobs.get({ job_id })))
  expect(found.map(({ status, error }) => ({ status, type: error?.type }))).toEqual(jobs.map(() => ({ status: 'failed', type: 'aborted' })))
  for (const { error } of found) expect(error?.message).toContain(reason)
}

async function waitFor<Value>(look: () => Promise<Value>, isRight: (value: Value) => boolean): Promise<Value> {
  for (let left = 200; ; left -= 1) {
    const value = await look()
    if (isRight(value) || left === 0) return value
    await sleep(25)
  }
}

/** Everybody is dead, and everybody has said so. */
async function expectStopped(
  { jobs, killed, goneMs, survivors }: DrillResult,
  running: Fleet,
  owner: Client,
  reason: string,
): Promise<void> {
  expect(killed).toBe(2 * fleet.workers)
  expect(survivors).toEqual([])
  expect(Math.max(...goneMs)).toBeLessThan(1_000)
  await allAborted(owner, jobs, reason)
  expect(running.words.filter(({ word }) => word === 'trouble')).toEqual([])
}

describe('workers whose children ignore TERM', () => {
  test.each([
    { level: 3, reason: 'runaway' },
    { level: 4, reason: 'night' },
  ])('are all dead within a second of a killswitch at level $level, prove it, and end', async ({ level, reason }) => {
    await killDrill({ server, ...fleet, pull: (owner) => owner.killswitch.raise({ level, reason }) }, async (result, running, owner) => {
      await expectStopped(result, running, owner, `level ${level}`)
      expect(await running.ended).toEqual(Array.from({ length: fleet.processes }, () => 0))
      for (const word of ['killswitch', 'stopped'] as const)
        expect(running.words.filter((one) => one.word === word)).toHaveLength(fleet.workers)
      const state = await waitFor(
        () => owner.killswitch.get(),
        ({ stragglers }) => !stragglers.some(({ worker_id }) => result.workerIds.includes(worker_id)),
      )
      expect(state).toMatchObject({ level, active: true, reason })
      expect(state.acknowledged.map(({ worker_id }) => worker_id)).toEqual(expect.arrayContaining([...result.workerIds]))
      expect(await owner.killswitch.clear({ resume_all: true })).toMatchObject({ level: 0, active: false })
    })
  })

  test('are rid of their children by an abort of everything, and take new jobs', async () => {
    await killDrill(
      { server, workers: 2, processes: 1, pull: (owner) => owner.jobs.abortMany({ all: true, reason: 'enough' }) },
      async (result, running, owner) => {
        expect(result.survivors).toEqual([])
        expect(Math.max(...result.goneMs)).toBeLessThan(1_000)
        await allAborted(owner, result.jobs, 'enough')
        // The trail says when each process was gone, in the worker's own words.
        const acknowledged = async (): Promise<readonly (number | null)[]> =>
          (await owner.audit.query({ action: 'job.abort_acknowledged' })).items.map(({ job_id }) => job_id)
        const said = await waitFor(acknowledged, (ids) => result.jobs.every((id) => ids.includes(id)))
        expect(said).toEqual(expect.arrayContaining([...result.jobs]))
        const next = await owner.jobs.dispatch({ prompt: 'Clear it and resume every worker' })
        await waitFor(
          () => owner.jobs.get({ job_id: next.id }),
          ({ status }) => status === 'running',
        )
        expect((await owner.jobs.get({ job_id: next.id })).status).toBe('running')
        expect(running.words.filter(({ word }) => word === 'stopped')).toEqual([])
      },
    )
  })
})
