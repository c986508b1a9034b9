import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as z from 'zod'
import * as contract from '@modelreins/contract'
import { reviewedText } from '../../../src/domain/review/review-payload.ts'

const folder = new URL('../../../contract/fixtures/', import.meta.url)
const schemas = {
  'audit-row.json': contract.auditRow,
  'authorization.json': contract.authorizationReply,
  'job.json': contract.job,
  'job-failed.json': contract.job,
  'killswitch.json': contract.killswitchState,
  'offer.json': contract.offer,
  'presence-reply.json': contract.presenceReply,
  'problem.json': contract.problemSchema,
  'review.json': contract.review,
  'server-frames.json': z.array(contract.serverFrame),
  'webhook.json': contract.webhookBody,
  'worker-frames.json': z.array(contract.workerFrame),
}

/** No messages, but cases that every SDK reads alike (test/unit/worker-sdk/errors/shared-cases.test.ts). */
const cases = ['classify-error.json', 'reset-time.json']

it('has a schema for every golden message', () => {
  expect(readdirSync(folder).toSorted()).toEqual([...Object.keys(schemas), ...cases].toSorted())
})

it.each(Object.entries(schemas))('%s is exactly what the contract says, field by field', (file, schema) => {
  const message: unknown = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  // Parsing drops what the contract does not know: nothing may be dropped, and nothing may be missing.
  expect(schema.parse(message)).toEqual(message)
})

it.each([
  ['worker-frames.json', contract.workerFrame],
  ['server-frames.json', contract.serverFrame],
] as const)('%s shows every type of frame, once', (file, union) => {
  const frames = z.array(z.looseObject({ type: z.string() })).parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8')))
  expect(frames.map(({ type }) => type)).toEqual(union.options.map((option) => option.shape.type.value))
})

it('shows an attempt with the lease token that its offer brought', () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
  const { lease } = contract.offer.parse(read('offer.json'))
  for (const frame of z.array(contract.workerFrame).parse(read('worker-frames.json'))) {
    if ('token' in frame) expect(frame.token).toBe(lease.token)
  }
})

it('shows a review with the digests that anybody would compute from it', () => {
  const review = contract.review.parse(JSON.parse(readFileSync(new URL('review.json', folder), 'utf8')))
  const artifacts = review.artifact_digests.map((sha256, index) => ({ slug: review.artifacts[index] ?? '', sha256 }))
  const digest = (payload: unknown): string =>
    createHash('sha256')
      .update(reviewedText({ capability: review.capability, payload, artifacts }))
      .digest('hex')
  expect(digest(review.payload)).toBe(review.digest)
  expect(digest(review.edited_from?.payload)).toBe(review.edited_from?.digest)
})

it('spells a lease token that parses back to what it was made of', () => {
  const lease = {
    tenant: 'acme',
    job_id: 42,
    attempt: 1,
    worker_id: 'wk0123456789abcdef',
    nonce: 'abcdef0123',
    offered_at: 1_795_262_400_000,
    expires_at: 1_795_269_605_000,
  }
  const token = `${contract.leaseText(lease)}_a${'b'.repeat(30)}`
  expect(contract.parseLeaseToken(token)).toMatchObject(lease)
  expect(contract.parseLeaseToken(`${token}x`)?.mac).not.toBe(contract.parseLeaseToken(token)?.mac)
  expect(contract.parseLeaseToken(token.toUpperCase())).toBeUndefined()
})

it.each([
  ['plain', 5],
  ['é', 2],
  ['€', 3],
  ['😀', 4],
  ['\ud800', 3],
  ['', 0],
])('counts the bytes of %j as UTF-8 does', (text, bytes) => {
  expect(contract.byteLength(text)).toBe(bytes)
  expect(Buffer.byteLength(text)).toBe(bytes)
})
