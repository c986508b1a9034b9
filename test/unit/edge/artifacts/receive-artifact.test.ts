/** Says what becomes of a file that does not arrive whole. */
import { limits } from '@modelreins/contract'
import { expect, test } from 'vitest'
import { ArtifactSink } from '../../../../src/edge/artifacts/artifact-sink.ts'
import { receiveFile } from '../../../../src/edge/artifacts/receive-artifact.ts'

const receive = (body: BodyInit, headers: Readonly<Record<string, string>> = {}) =>
  receiveFile(
    new Request('https://reins.example/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit),
    new ArtifactSink(null, '', limits.artifact_bytes),
    true,
  )

/** Some bytes, and then the sender goes away. */
const broken = (...chunks: readonly string[]): ReadableStream<Uint8Array> => {
  const left = chunks.map((chunk) => new TextEncoder().encode(chunk))
  return new ReadableStream(
    {
      pull(controller) {
        const next = left.shift()
        if (next === undefined) controller.error(new Error('connection reset'))
        else controller.enqueue(next)
      },
    },
    { highWaterMark: 0 },
  )
}

const brokenOff = { ok: false, failure: { code: 'invalid-request', detail: 'The request body ended before its declared length.' } }

test('a body that breaks off is no file, raw or as a form', async () => {
  expect(await receive(broken('half'))).toMatchObject(brokenOff)
  const begun = broken('--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf')
  expect(await receive(begun, { 'content-type': 'multipart/form-data; boundary=b' })).toMatchObject(brokenOff)
})

test('a body shorter than it was announced is no file, even when its carrier says that it has ended', async () => {
  expect(await receive('half', { 'content-length': '8' })).toMatchObject(brokenOff)
  expect(await receive('whole', { 'content-length': '5' })).toMatchObject({ ok: true, value: { size_bytes: 5 } })
})

test('what is over the limit is dropped, not kept, and not read for ever', async () => {
  let taken = 0
  const endless = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        taken += 1
        controller.enqueue(new Uint8Array(8 * 1024 * 1024))
      },
    },
    { highWaterMark: 0 },
  )
  expect(await receive(endless)).toMatchObject({ ok: false, failure: { code: 'too-large' } })
  expect(taken * 8 * 1024 * 1024).toBeLessThan(2 * limits.artifact_bytes + 16 * 1024 * 1024)
})
