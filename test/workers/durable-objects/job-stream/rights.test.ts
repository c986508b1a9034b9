/** Says that who reads and who writes is asked about again: a right ends where it is used, and not where it began. */
import { describe, expect, it } from 'vitest'
import { limits } from '@modelreins/contract'
import { fail } from '../../../../src/domain/result.ts'
import { until } from '../../../support/until.ts'
import { TestStream, type Viewer } from './streams.ts'

const by = (id: string) => ({
  headers: { 'x-modelreins-viewer': JSON.stringify({ id, credential: { kind: 'member', credential: id, hash: 'h' } }) },
})
const broken = async (viewer: Viewer): Promise<string> =>
  viewer.rest().then(
    (events) => `ended after ${events.length}`,
    () => 'broken off',
  )
const unauthorized = fail('unauthorized', 'The token is not valid: unknown, expired, rotated or revoked.')

describe('a viewer', () => {
  it('is let go at once when its right ends, and the others are not', async () => {
    const stream = await TestStream.open()
    await stream.append(['before'])
    const rosa = await stream.watch(undefined, by('rosa'))
    const ruth = await stream.watch(undefined, by('ruth'))
    expect((await rosa.take(1)).length + (await ruth.take(1)).length).toBe(2)
    await stream.gate.distrust({ viewers: ['rosa'] })
    await stream.append(['after'], { from: 1 })
    // Without the event `end`, which a job that has ended leaves.
    expect(await rosa.rest()).toEqual([])
    expect(await ruth.next()).toMatchObject({ data: { text: 'after' } })
    await stream.gate.distrust({})
    expect(await ruth.rest()).toEqual([])
  })

  it('is asked about again every half minute, and let go when the answer is no', async () => {
    const stream = await TestStream.open()
    await stream.append(['before'])
    const asked: string[] = []
    let inForce = true
    stream.mayWatch = (credential) => {
      asked.push(credential)
      return credential === 'ruth' || inForce
    }
    const rosa = await stream.watch(undefined, by('rosa'))
    const twice = await stream.watch(undefined, by('rosa'))
    const ruth = await stream.watch(undefined, by('ruth'))
    for (const viewer of [rosa, twice, ruth]) await viewer.take(1)
    await stream.inside(() => stream.clock.advance(15_000))
    expect(asked).toEqual([])
    await stream.inside(() => stream.clock.advance(15_000))
    await until(() => (asked.length >= 2 ? true : undefined), 5_000)
    expect(asked.toSorted()).toEqual(['rosa', 'ruth'])
    inForce = false
    await stream.inside(() => stream.clock.advance(30_000))
    expect([await broken(rosa), await broken(twice)]).toEqual(['broken off', 'broken off'])
    await stream.append(['after'], { from: 1 })
    expect(await ruth.next()).toMatchObject({ data: { text: 'after' } })
    await ruth.leave()
  })

  it('may have only so many streams of a job, whatever is left for the others', async () => {
    const stream = await TestStream.open()
    await stream.append(['x'])
    const open = []
    for (let n = 0; n < limits.viewer_streams; n += 1) open.push(await stream.watch(undefined, by('rosa')))
    const refused = await stream.gate.fetch(new Request('https://job-stream/?tenant=acme&job_id=1', by('rosa')))
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'rate-limited' }])
    const ruth = await stream.watch(undefined, by('ruth'))
    expect(await ruth.take(1)).toHaveLength(1)
    await open[0]?.leave()
    for (const viewer of [...open.slice(1), ruth]) await viewer.leave()
  })
})

describe('a writer', () => {
  it('is asked about with its first word, then every half minute, and after a right has ended', async () => {
    const stream = await TestStream.open()
    for (let seq = 0; seq < 20; seq += 1) expect((await stream.append(['x'], { from: seq })).ok).toBe(true)
    expect(stream.askedAboutWriters).toBe(1)
    stream.clock.advance(30_000)
    expect((await stream.append(['x'], { from: 20 })).ok).toBe(true)
    expect(stream.askedAboutWriters).toBe(2)
    stream.mayWrite = async () => unauthorized
    expect((await stream.append(['x'], { from: 21 })).ok).toBe(true)
    await stream.gate.distrust({})
    expect(await stream.append(['x'], { from: 22 })).toEqual(unauthorized)
    expect(await stream.append(['x'], { from: 22 })).toEqual(unauthorized)
    expect(await stream.append(['forged'], { attempt: 2, nonce: 'second' })).toEqual(unauthorized)
    expect(JSON.stringify(await stream.gate.recent({ tenant: stream.tenant, job_id: stream.job_id, attempt: 1, bytes: 10_000 }))).toContain(
      'x'.repeat(22),
    )
  })

  it('that nobody may vouch for leaves nothing behind, and is told to try again while nobody answers', async () => {
    const stream = await TestStream.open()
    stream.mayWrite = async () => unauthorized
    expect(await stream.append(['x'])).toEqual(unauthorized)
    expect(await stream.rows()).toBe(0)
    stream.mayWrite = async () => Promise.reject(new Error('down'))
    expect(await stream.append(['x'])).toMatchObject({ ok: false, failure: { code: 'unavailable' } })
    expect(await stream.rows()).toBe(0)
  })

  it('is asked about anew when a right ends while the question is under way', async () => {
    const stream = await TestStream.open()
    let answer: (() => void) | undefined
    stream.mayWrite = () =>
      new Promise((resolve) => {
        answer = () => resolve({ ok: true, value: null })
      })
    const append = stream.append(['x'])
    await until(() => (answer === undefined ? undefined : true), 5_000)
    await stream.gate.distrust({})
    stream.mayWrite = async () => unauthorized
    await stream.inside(() => answer?.())
    expect(await append).toEqual(unauthorized)
  })
})
