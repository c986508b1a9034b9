/** Who the worker says it is, by a token of its own or by an API key. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { presenceReport } from '@modelreins/contract'
import { expect, it, onTestFinished } from 'vitest'
import { Identity } from '../../../../../worker-sdk/src/worker/presence/identity.ts'
import { LiveSettings } from '../../../../../worker-sdk/src/worker/settings/live-settings.ts'
import { resolveOptions } from '../../../../../worker-sdk/src/worker/settings/options.ts'
import { workerToken } from '../../support/control-plane.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const apiKey = workerToken.replace('mrw_', 'mrk_')
const clock = new ManualClock()
const identity = (token: string, name?: string): Identity =>
  new Identity(resolveOptions({ url: 'https://x', token, ...(name === undefined ? {} : { name }) }, {}, {}), clock, clock)
const state = {
  live: { slots: 2, tags: ['a'], networks: [], model: undefined, provider: 'spawn', poll_ms: 5_000, place: undefined },
  status: 'idle',
  leases: [],
  takeover: false,
} as const

it('leaves its name to the token, and takes the socket first', () => {
  const own = identity(workerToken, 'triager')
  expect(own.report(state)).not.toHaveProperty('worker')
  expect(own.transportFor('auto')).toBe('auto')
})

it('names its worker with an API key, and polls, since the socket is for workers with a token of their own', () => {
  const companion = identity(apiKey, 'desk')
  expect(companion.report(state)).toMatchObject({ worker: 'desk', slots: 2, provider: 'spawn', tags: ['a'] })
  expect(companion.transportFor('auto')).toBe('poll')
  expect(companion.transportFor('socket')).toBe('socket')
})

it('says takeover and more leases than a report may hold only as far as asked and allowed', () => {
  const leases = Array.from({ length: 300 }, (_, index) => ({ job_id: index + 1, attempt: 1 }))
  const report = identity(workerToken).report({ ...state, leases, takeover: true })
  expect(report.takeover).toBe(true)
  expect(report.leases).toHaveLength(256)
  expect(identity(workerToken).report(state)).not.toHaveProperty('takeover')
})

it('says where it works only to a server that keeps jobs apart by it, alike through any link, and never too long', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-place-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const deep = join(folder, 'd'.repeat(100), 'e'.repeat(100))
  mkdirSync(deep, { recursive: true })
  symlinkSync(deep, join(folder, 'link'))
  const placeIn = (workDir: string | undefined, asked = true): string | undefined => {
    const live = new LiveSettings(
      resolveOptions({ url: 'https://x', token: workerToken, ...(workDir === undefined ? {} : { workDir }) }, {}, {}),
    )
    const applied = live.apply(asked ? { concurrency_key: 'workdir' } : {})
    expect(applied.map(({ key }) => key)).toEqual(asked ? ['place'] : [])
    return presenceReport.parse(identity(workerToken).report({ ...state, live: live.values })).place
  }
  expect(placeIn(undefined, false)).toBeUndefined()
  expect(placeIn(undefined)).toBe(`${hostname()}:${process.cwd()}`)
  expect(placeIn(join(folder, 'none'))).toBe(`${hostname()}:${join(folder, 'none')}`)
  expect(placeIn(join(folder, 'link'))).toBe(placeIn(deep))
  expect(placeIn(deep)?.length).toBe(120)
})
