/**
 * Responsible for draining the rest of an unwanted body: read and dropped, so that its sender, who may still be sending, hears the answer instead
 * of a broken connection.
 */
import { limits } from '@modelreins/contract'

/** Reads on to the end, or so far that whoever goes on sending is cut off. */
export async function drainReader(reader: ReadableStreamDefaultReader<Uint8Array>, alreadyRead: number): Promise<void> {
  try {
    for (let size = alreadyRead; size <= limits.drain_bytes;) {
      const { done, value } = await reader.read()
      if (done) return
      size += value.byteLength
    }
    await reader.cancel()
  } catch {
    // Gone already: there is nobody to be answered.
  }
}

/** Of a request that was answered without its body. One that waits for `100 Continue` has not been sent yet, and need not be. */
export async function drainBody(request: Request): Promise<void> {
  if (request.bodyUsed || request.body === null || request.body.locked || request.headers.get('expect') !== null) return
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader()
  await drainReader(reader, 0)
}
