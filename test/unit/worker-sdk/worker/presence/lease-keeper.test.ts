/** The thread that beats for a blocked event loop, with a process that really blocks. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ControlPlane, workerToken } from '../../support/control-plane.ts'

const script = fileURLToPath(new URL('../../support/blocking-job.ts', import.meta.url))
let plane: ControlPlane
beforeEach(async () => {
  plane = await new ControlPlane().listen()
})
afterEach(() => plane.close())
const runBlocked = (ms: number, waiting = 0) =>
  promisify(execFile)(process.execPath, [script, plane.url, workerToken, String(ms), String(waiting)])

it('keeps the leases of a job that blocks the event loop, and falls silent when the loop turns again', async () => {
  const { stdout, stderr } = await runBlocked(1_500)
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({ blocked: 1 })
  const beats = plane.requests('PUT', '/api/v1/presence')
  expect(beats.length).toBeGreaterThan(2)
  expect(beats[0]?.body).toEqual({ instance: 'blocked-one', leases: [{ job_id: 7, attempt: 1 }] })
  const last = beats.at(-1)?.at ?? 0
  expect(Date.now() - last).toBeGreaterThan(300)
})

it('says nothing while the loop turns', async () => {
  await runBlocked(0)
  expect(plane.requests('PUT', '/api/v1/presence')).toEqual([])
})

it('keeps no lease of an attempt that waits for a slot: nobody begins it while the loop is blocked', async () => {
  await runBlocked(1_500, 3)
  const [beat] = plane.requests('PUT', '/api/v1/presence')
  expect(beat?.body).toEqual({
    instance: 'blocked-one',
    leases: [
      { job_id: 7, attempt: 1 },
      { job_id: 8, attempt: 1 },
    ],
  })
})
