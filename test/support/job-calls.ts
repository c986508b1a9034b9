/** Responsible for the calls in a job's life, made by hand as with `curl`, against a server of the test file's own. */
import type { ClaimPollReply, Job, Lease, Offer } from '@modelreins/contract'
import { afterAll, beforeAll, expect } from 'vitest'
import { type Call, type RegisteredWorker, caller, registerWorker } from './calls.ts'
import { startServer, type TestServer } from './server.ts'

export interface Started {
  readonly job: Job
  readonly lease: Lease
}

export let server: TestServer
export let owner: Call
export let alice: RegisteredWorker
export let bob: RegisteredWorker
export const url = (): string => server.url

/** A call with the token of an attempt. */
export const withLease = (lease: Lease): Call => caller(url, lease.token)

export const dispatch = async (body: Readonly<Record<string, unknown>>): Promise<Job> => {
  const answer = await owner<Job>('POST', '/dispatch', { body })
  expect(answer.status, answer.text).toBe(201)
  return answer.body
}
export const getJob = async (id: number): Promise<Job> => (await owner<Job>('GET', `/jobs/${id}`)).body

/** Asks for one offer with a long poll, as a worker does. */
export async function poll(worker: RegisteredWorker, wait = 10): Promise<Offer> {
  const answer = await worker.call<ClaimPollReply>('POST', '/api/v1/claims', { body: { max: 1, wait } })
  const [offer] = answer.body.offers
  if (offer === undefined) throw new Error(`no offer for ${worker.name}: ${answer.text}`)
  return offer
}

/** Polls and starts. */
export async function take(worker: RegisteredWorker): Promise<Started> {
  const offer = await poll(worker)
  const answer = await withLease(offer.lease)<Started>('POST', `/api/v1/claims/${offer.job.id}/start`, { body: {} })
  expect(answer.status, answer.text).toBe(200)
  return answer.body
}

export const output = (lease: Lease, jobId: number, seq: number, text: string) =>
  withLease(lease)<{ next_seq: number; closed: boolean }>('POST', `/api/v1/claims/${jobId}/output`, { body: { chunks: [{ seq, text }] } })
export const complete = (lease: Lease, jobId: number, result: string) =>
  withLease(lease)<{ job: Job; code?: string }>('POST', `/api/v1/claims/${jobId}/complete`, { body: { result } })

export const stream = (jobId: number, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${url()}/jobs/${jobId}/stream`, { headers: { authorization: `Bearer ${server.ownerKey}`, ...headers } })

/** Starts the server with two workers before the tests of a file, then runs `prepare`; stops the server after them. */
export function useServer(prepare: () => Promise<void> = () => Promise.resolve()): void {
  beforeAll(async () => {
    server = await startServer()
    owner = caller(url, server.ownerKey)
    alice = await registerWorker(url, owner, 'alice')
    bob = await registerWorker(url, owner, 'bob')
    await prepare()
  })
  afterAll(() => server.close())
}
