/** Says that nothing of an erased job is left in its stream, and that nothing which was on its way is taken. */
import { env } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { streamTimings } from '../../../../durable-objects/job-stream/clock.ts'
import { fail } from '../../../../src/domain/result.ts'
import { done, TestStream } from './streams.ts'

const erase = (stream: TestStream): Promise<void> => stream.gate.erase({ tenant: stream.tenant, job_id: stream.job_id })
const stored = (stream: TestStream): Promise<readonly string[]> =>
  stream.inside(async (_, { storage }) =>
    [
      ...storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('stream', 'batches')").toArray(),
      ...(await storage.list()).keys(),
    ].map((row) => (typeof row === 'string' ? row : String(row['name']))),
  )

it('lets go of its viewers, its output and its transcript, and answers that they are erased', async () => {
  const stream = await TestStream.open()
  await stream.append(['secret'])
  await stream.close(done)
  await stream.inside(() => stream.clock.advance(streamTimings.archive_after_ms))
  await stream.alarm()
  expect(await stream.transcript()).toHaveLength(2)
  const viewer = await stream.watch(undefined, { ended: '0' })
  await erase(stream)
  // Ended or broken off: either way there is nothing more to come.
  await viewer.rest().catch(() => [])
  expect(await stream.transcript()).toBeUndefined()
  expect(await stored(stream)).toEqual(['erased'])
  expect(await stream.recent(100)).toMatchObject({ text: '' })
  const refused = await stream.gate.fetch(new Request(`https://job-stream/?tenant=acme&job_id=${stream.job_id}&after=-1`))
  expect([refused.status, await refused.json()]).toMatchObject([410, { code: 'gone' }])
  await erase(stream)
})

it('takes no late word and no late end, also after an eviction, and is empty once nothing can come any more', async () => {
  const stream = await TestStream.open()
  await stream.append(['secret'])
  await erase(stream)
  for (const _ of ['in memory', 'from storage']) {
    expect(await stream.append(['late'], { from: 1 })).toMatchObject({ ok: false, failure: { code: 'lease-lost' } })
    await stream.close(done, { tail: 'late' })
    expect(await stored(stream)).toEqual(['erased'])
    await stream.evict()
  }
  await stream.inside(() => stream.clock.advance(streamTimings.erased_ms))
  expect(await stream.alarm()).toBe(true)
  expect(await stored(stream)).toEqual([])
})

it('drops what was let in before the erasure and had not been written', async () => {
  const stream = await TestStream.open()
  let answer: (() => void) | undefined
  stream.mayWrite = () => new Promise((resolve) => (answer = () => resolve({ ok: true, value: null })))
  const appending = stream.append(['late'])
  await expect.poll(() => answer !== undefined).toBe(true)
  const erasing = erase(stream)
  // The call has arrived: what is let in from here on comes after it.
  await expect.poll(() => stored(stream)).toContain('erased')
  stream.mayWrite = async () => fail('lease-lost', 'the job is gone')
  await stream.inside(() => answer?.())
  expect(await appending).toMatchObject({ ok: false, failure: { code: 'lease-lost' } })
  await erasing
  expect(await stored(stream)).toEqual(['erased'])
})

it('keeps no transcript that was being written meanwhile', async () => {
  const stream = await TestStream.open()
  await stream.append(['secret'])
  await stream.close(done)
  await stream.inside(async (object, state) => {
    stream.clock.advance(streamTimings.archive_after_ms)
    await state.storage.deleteAlarm()
    await Promise.all([object.alarm(), object.erase({ tenant: stream.tenant, job_id: stream.job_id })])
  })
  expect(await env.ARCHIVE.list({ prefix: `transcripts/${stream.tenant}/${stream.job_id}.` })).toMatchObject({ objects: [] })
})
