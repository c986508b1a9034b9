/** Responsible for results that are too large for the job's row: R2 has the whole result, the tenant object its beginning and the key. */
import { limits } from '@modelreins/contract'
import { type Result, fail, ok } from '../../domain/result.ts'
import { archiveFailed } from '../../telemetry/edge-events.ts'
import { base32 } from '../../domain/access/token.ts'
import type { Exchange } from '../exchange.ts'

export interface StoredResult {
  /** The beginning, at most `limits.result_inline_bytes`, cut between characters. */
  readonly beginning: string
  readonly key: string
}

/** The longest beginning of a text that fits into so many bytes of UTF-8 without splitting a character. */
export function beginningOf(text: string, maxBytes: number): string {
  // A UTF-16 code unit takes at most three bytes in UTF-8, so a short text always fits and needs no encoding.
  if (text.length * 3 <= maxBytes) return text
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes))
  return text.slice(0, read)
}

const prefix = (tenant: string): string => `results/${tenant}/`

const archiveDown = fail('unavailable', 'The archive (R2) is temporarily unavailable. Retry after 2 s.', { retry_after_ms: 2_000 })

/** Puts a result into R2 if it is too large to be kept inline; undefined when it is not. The key is unguessable and used once. */
export async function storeLargeResult(
  exchange: Exchange,
  tenant: string,
  jobId: number,
  result: string,
): Promise<Result<StoredResult | undefined>> {
  const beginning = beginningOf(result, limits.result_inline_bytes)
  if (beginning.length === result.length) return ok(undefined)
  const key = `${prefix(tenant)}${jobId}/${base32(exchange.ports.random(16))}`
  try {
    await exchange.env.ARCHIVE.put(key, result, { httpMetadata: { contentType: 'text/plain; charset=utf-8' } })
  } catch (error) {
    archiveFailed({ request_id: exchange.request_id, operation: exchange.id }, error)
    return archiveDown
  }
  return ok({ beginning, key })
}

/** Deletes the stored result of a refused completion. If this fails, the object in R2 stays, but nothing refers to it. */
export async function discardResult(exchange: Exchange, stored: StoredResult): Promise<void> {
  try {
    await exchange.env.ARCHIVE.delete(stored.key)
  } catch (error) {
    archiveFailed({ request_id: exchange.request_id, operation: exchange.id }, error)
  }
}

/** The stored result as a stream; `gone` when R2 no longer has it. */
export async function readStoredResult(exchange: Exchange, tenant: string, key: string): Promise<Result<ReadableStream>> {
  if (!key.startsWith(prefix(tenant))) throw new Error(`stored result of ${tenant} under a foreign key`)
  try {
    const found = await exchange.env.ARCHIVE.get(key)
    return found === null ? fail('gone', 'The stored result has been erased.') : ok(found.body)
  } catch (error) {
    archiveFailed({ request_id: exchange.request_id, operation: exchange.id }, error)
    return archiveDown
  }
}
