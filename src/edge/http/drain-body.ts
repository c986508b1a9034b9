/**
 * Responsible for draining the rest of an unwanted body: a client that is still sending would otherwise see a broken connection instead of
 * the response.
 */
import { limits } from '@modelreins/contract'

/** Reads to the end; cancels the body when it exceeds `limits.drain_bytes`. */
export async function drainReader(reader: ReadableStreamDefaultReader<Uint8Array>, alreadyRead: number): Promise<void> {
  try {
    for (let size = alreadyRead; size <= limits.drain_bytes;) {
      const { done, value } = await reader.read()
      if (done) return
      size += value.byteLength
    }
    await reader.cancel()
  } catch {
    // The client has disconnected: no response can reach it.
  }
}

/** Drains the body of a request that was answered without it, unless the client waits for `100 Continue` and has not sent it. */
export async function drainBody(request: Request): Promise<void> {
  if (request.bodyUsed || request.body === null || request.body.locked || request.headers.get('expect') !== null) return
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader()
  await drainReader(reader, 0)
}
