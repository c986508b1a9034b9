/** Responsible for converting the bytes of an HTTP answer to text: decompressed, decoded, without a byte order mark. */
import type { IncomingMessage } from 'node:http'
import zlib from 'node:zlib'
import type { Duplex, Readable } from 'node:stream'

/** Data of a stream that ends early is still delivered; the error follows it. */
const flush = { flush: zlib.constants.Z_SYNC_FLUSH }

const decoders: Readonly<Record<string, (() => Duplex) | undefined>> = {
  gzip: () => zlib.createGunzip(flush),
  'x-gzip': () => zlib.createGunzip(flush),
  // "deflate" is zlib's format by the standard, but some servers send raw deflate.
  deflate: () => zlib.createUnzip(flush),
  br: () => zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH }),
  // Node 22.15 and newer.
  zstd: 'createZstdDecompress' in zlib ? () => zlib.createZstdDecompress() : undefined,
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Reads the first bytes without consuming them, because some servers compress without declaring it. */
const firstBytes = async (response: IncomingMessage): Promise<Buffer | undefined> => {
  for (;;) {
    const chunk: unknown = response.read()
    if (Buffer.isBuffer(chunk)) {
      response.unshift(chunk)
      return chunk
    }
    if (response.readableEnded || response.destroyed) return undefined
    await new Promise<void>((resolve, reject) => {
      const settle =
        (done: () => void): (() => void) =>
        () => {
          response.off('readable', onReadable)
          response.off('end', onReadable)
          response.off('close', onReadable)
          response.off('error', onError)
          done()
        }
      const onReadable = settle(resolve)
      const onError = (error: Error): void => settle(() => reject(error))()
      response.on('readable', onReadable)
      response.on('end', onReadable)
      response.on('close', onReadable)
      response.on('error', onError)
    })
  }
}

const bodyOf = async (response: IncomingMessage): Promise<Readable> => {
  const named = (response.headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const encodings = named.filter((name) => name !== '' && name !== 'identity')
  if (encodings.length === 0) {
    const first = await firstBytes(response)
    if (first !== undefined && isGzip(first)) encodings.push('gzip')
  }
  let body: Readable = response
  // The encoding that was applied last is removed first. `pop` is used because Node 18 has no `toReversed`.
  for (let encoding = encodings.pop(); encoding !== undefined; encoding = encodings.pop()) {
    const decoder = decoders[encoding]?.()
    if (decoder === undefined) throw new Error(`the answer is encoded as "${encoding}", which cannot be read here`)
    const from = body
    from.once('error', (error) => decoder.destroy(error))
    from.once('close', () => {
      // The connection broke: deliver the data that has arrived, then end.
      if (!decoder.writableEnded) decoder.end()
    })
    body = from.pipe(decoder)
  }
  return body
}

/** The body in pieces as they arrive. A piece never ends inside a character. */
export async function* decoded(response: IncomingMessage): AsyncGenerator<string> {
  const body = await bodyOf(response)
  body.setEncoding('utf8')
  let first = true
  for await (const chunk of body) {
    const text = String(chunk)
    yield first && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
    first = false
  }
}
