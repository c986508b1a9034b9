/**
 * Responsible for writing bytes of unknown length to R2, and for counting and hashing them, with at most one part in memory. Parts have the
 * smallest size that R2 accepts, because many uploads share the memory of one isolate.
 */
import { createHash } from 'node:crypto'

/** Limit of R2: the smallest part of a multipart upload. All parts but the last must have the same size. */
const partBytes = 5 * 1024 * 1024

export interface Received {
  readonly size_bytes: number
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string
}

/** Retries once, because R2 sometimes fails briefly. Only for calls that write the same bytes to the same key, so that a retry is harmless. */
async function twice<Value>(run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch {
    return run()
  }
}

/** With `bucket` null, the bytes are only counted and hashed. */
export class ArtifactSink {
  readonly #bucket: R2Bucket | null
  readonly #key: string
  readonly #limit: number
  readonly #hash = createHash('sha256')
  #size = 0
  #part = new Uint8Array(64 * 1024)
  #filled = 0
  #upload: R2MultipartUpload | undefined
  readonly #parts: R2UploadedPart[] = []

  constructor(bucket: R2Bucket | null, key: string, limit: number) {
    this.#bucket = bucket
    this.#key = key
    this.#limit = limit
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#size
  }

  /** False when the bytes would exceed the limit; then none of them are taken. Rejects when R2 does not answer. */
  async write(bytes: Uint8Array): Promise<boolean> {
    if (this.#size + bytes.byteLength > this.#limit) return false
    this.#size += bytes.byteLength
    this.#hash.update(bytes)
    if (this.#bucket === null) return true
    for (let at = 0; at < bytes.byteLength;) {
      // Flush a full part only when a further byte arrives: a file that fits into one part needs no multipart upload.
      if (this.#filled === partBytes) await this.#flush(this.#bucket)
      const piece = bytes.subarray(at, at + partBytes - this.#filled)
      this.#hold(piece)
      at += piece.byteLength
    }
    return true
  }

  #hold(piece: Uint8Array): void {
    const needed = this.#filled + piece.byteLength
    if (needed > this.#part.byteLength) {
      const larger = new Uint8Array(Math.min(partBytes, Math.max(needed, this.#part.byteLength * 2)))
      larger.set(this.#part.subarray(0, this.#filled))
      this.#part = larger
    }
    this.#part.set(piece, this.#filled)
    this.#filled = needed
  }

  async #flush(bucket: R2Bucket): Promise<void> {
    const upload = (this.#upload ??= await twice(() => bucket.createMultipartUpload(this.#key)))
    const number = this.#parts.length + 1
    this.#parts.push(await twice(() => upload.uploadPart(number, this.#part.subarray(0, this.#filled))))
    this.#filled = 0
  }

  /** Completes the upload: the object is in R2 once this resolves. */
  async end(): Promise<Received> {
    const received = { size_bytes: this.#size, sha256: this.#hash.digest('hex') }
    const bucket = this.#bucket
    if (bucket === null) return received
    if (this.#upload === undefined) {
      const { sha256 } = received
      await twice(() => bucket.put(this.#key, this.#part.subarray(0, this.#filled), { sha256 }))
      return received
    }
    if (this.#filled > 0) await this.#flush(bucket)
    await this.#upload.complete(this.#parts)
    return received
  }

  /** Aborts an incomplete multipart upload. R2 removes one that was never aborted after a week. */
  async abandon(): Promise<void> {
    await this.#upload?.abort()
  }
}
