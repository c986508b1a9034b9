/** Responsible for the operations of members about jobs that they hold, whose text is stored outside the tenant object: results and notes. */
import type { Exchange, Reply } from '../exchange.ts'
import { ok } from '../../domain/result.ts'
import { askTenant, callObject, perform } from '../tenant-call.ts'
import { settle } from './claims.ts'

export const workDone = (exchange: Exchange<'work.done'>): Promise<Reply> =>
  settle(exchange, exchange.input, (input, more) => perform(exchange, 'work.done', input, more))

export const workEscalated = (exchange: Exchange<'work.escalate'>): Promise<Reply> =>
  settle(exchange, exchange.input, (input, more) => perform(exchange, 'work.escalate', input, more))

/**
 * The tenant object checks that the member holds the job, and records the note; the text goes to the stream, like other output. There is no
 * retry here, because a repeated note would be stored twice: the member sends it again.
 */
export async function writeNote(exchange: Exchange<'work.note'>): Promise<Reply> {
  const { input, env, ports, request_id } = exchange
  const { job_id, attempt, text } = input
  const { credential } = exchange.caller
  const admitted = await askTenant(exchange, (gate) => gate.noteWork({ credential, job_id, attempt, text, request_id }), false)
  if (!admitted.ok) return admitted
  const { tenant, nonce, offered_at } = admitted.value
  const request = { tenant, job_id, attempt, nonce, offered_at, at_end: true, chunks: [{ seq: 0, stream: 'stdout' as const, text }] }
  const about = { object: 'job-stream', operation: exchange.id, idempotent: false } as const
  const written = await callObject(exchange, about, () => ports.jobStream(env, tenant, job_id).append(request))
  return written.ok ? ok({ ok: true as const }) : written
}
