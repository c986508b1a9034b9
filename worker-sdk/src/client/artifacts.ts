/** Responsible for uploading and downloading files in any runtime with `fetch`: types, digests, retries. */
import { limits, mediaTypeOf, type Artifact, type Input } from '@modelreins/contract'
import { ModelReinsError } from './error.ts'
import { foreignAnswer } from './foreign.ts'
import type { Answer, CallOptions } from './nouns.ts'

/** A stream has no length and can be sent only once. Everything else is sent again when the answer is lost. */
export type ArtifactBytes = Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>

export interface UploadOptions {
  readonly filename?: string
  /** Default: derived from the extension of the name. */
  readonly contentType?: string
  readonly jobId?: number
  /** Attaches the file to this review; it becomes part of what is reviewed. */
  readonly reviewId?: number
  /** ISO 8601; default: never. */
  readonly expiresAt?: string
  /** Anyone who knows the URL can read it, without a token. */
  readonly share?: boolean
  /** SHA-256 of the bytes in hex; computed when absent, unless the source is a stream. */
  readonly sha256?: string
  /** Two uploads with the same key are one upload; generated when absent. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
  /** Used instead of the client's token: the lease token of one attempt. */
  readonly token?: string
  /** Milliseconds for one try; default: depends on the size. */
  readonly timeoutMs?: number
}

export interface DownloadOptions {
  readonly signal?: AbortSignal
  readonly token?: string
}

/** A file while it arrives. `bytes` and `text` check the digest; a reader of `body` must check it themselves. */
export interface DownloadedArtifact {
  readonly slug: string
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  /** SHA-256 in hex. */
  readonly sha256: string
  readonly body: ReadableStream<Uint8Array>
  bytes(): Promise<Uint8Array>
  text(): Promise<string>
}

/** What the client provides. */
export interface ArtifactPorts {
  readonly upload: (input: Input<'artifacts.upload'>, options: CallOptions) => Promise<Artifact>
  readonly download: (input: Input<'artifacts.download'>, options: CallOptions) => Promise<Answer<'artifacts.download'>>
}

const hexOf = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Undefined when the runtime has no WebCrypto (Node 18): then only the server computes a digest. */
async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { crypto }: { readonly crypto?: typeof globalThis.crypto } = globalThis
  const subtle = crypto?.subtle
  return subtle === undefined ? undefined : hexOf(await subtle.digest('SHA-256', bytes))
}

/** Milliseconds for a slow connection: one second per 50 KB, in addition to the time that any call may take. */
const timeFor = (bytes: number): number => 30_000 + Math.ceil(bytes / 50)

/** Throws `too-large` before a byte is sent. */
export function checkArtifactSize(bytes: number): void {
  if (bytes <= limits.artifact_bytes) return
  throw new ModelReinsError(`An artifact may have ${limits.artifact_bytes} bytes; this one has ${bytes}`, { code: 'too-large' })
}

interface Payload {
  readonly body: Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
  readonly bytes: number
  readonly sha256: string | undefined
}

async function payloadOf(source: ArtifactBytes, given: string | undefined): Promise<Payload> {
  if (source instanceof ReadableStream) return { body: source, bytes: limits.artifact_bytes, sha256: given }
  if (source instanceof Blob) {
    checkArtifactSize(source.size)
    return { body: source, bytes: source.size, sha256: given ?? (await sha256Of(new Uint8Array(await source.arrayBuffer()))) }
  }
  if (!(source instanceof Uint8Array) && !(source instanceof ArrayBuffer)) {
    throw new ModelReinsError('An artifact is bytes, a Blob or a stream', { code: 'invalid-request', status: 0 })
  }
  checkArtifactSize(source.byteLength)
  // Copied, because shared memory could change while it is sent.
  const body = new Uint8Array(source)
  return { body, bytes: body.byteLength, sha256: given ?? (await sha256Of(body)) }
}

export async function uploadArtifact(ports: ArtifactPorts, source: ArtifactBytes, options: UploadOptions = {}): Promise<Artifact> {
  const { body, bytes, sha256 } = await payloadOf(source, options.sha256)
  const { filename, jobId, reviewId, expiresAt, share } = options
  const input = {
    ...(filename === undefined ? {} : { filename }),
    ...(jobId === undefined ? {} : { job_id: jobId }),
    ...(reviewId === undefined ? {} : { review_id: reviewId }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(share === undefined ? {} : { share }),
    ...(sha256 === undefined ? {} : { sha256 }),
  }
  return ports.upload(input, {
    body,
    contentType: options.contentType ?? mediaTypeOf(filename ?? ''),
    timeoutMs: options.timeoutMs ?? timeFor(bytes),
    ...(options.idempotencyKey === undefined ? {} : { idempotencyKey: options.idempotencyKey }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.token === undefined ? {} : { token: options.token }),
  })
}

/**
 * Extracts the slug from a slug, from the `url` that an upload answers, or from a full URL. Only the slug is used, so that the token is only ever
 * sent to the client's own server.
 */
const slugIn = (slugOrUrl: string): string => /(?:^|\/s\/)([a-z0-9]+)(?:[?#].*)?$/.exec(slugOrUrl)?.[1] ?? slugOrUrl

function filenameIn(disposition: string | null): string {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1]
  return extended === undefined ? (/filename="([^"]*)"/i.exec(disposition ?? '')?.[1] ?? 'artifact') : decodeURIComponent(extended)
}

/** `slugOrUrl`: from the answer of an upload. A file that arrives incomplete or changed is an error, never a short file. */
export async function downloadArtifact(
  ports: ArtifactPorts,
  slugOrUrl: string,
  options: DownloadOptions = {},
): Promise<DownloadedArtifact> {
  const slug = slugIn(slugOrUrl)
  const response = await ports.download({ slug }, options)
  const { headers } = response
  const sha256 = headers.get('etag')?.replaceAll(/^W\/|"/g, '') ?? ''
  // Every artifact has a digest. An answer without one comes from something between here and the server.
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw foreignAnswer(response.url, response.status, await response.text())
  const bytes = async (): Promise<Uint8Array> => {
    const whole = new Uint8Array(await response.arrayBuffer())
    const found = await sha256Of(whole)
    if (found === undefined || found === sha256) return whole
    throw new ModelReinsError(`Artifact ${slug} does not match its digest: its SHA-256 is ${found}`, { code: 'network' })
  }
  return {
    slug,
    filename: filenameIn(headers.get('content-disposition')),
    contentType: headers.get('content-type') ?? 'application/octet-stream',
    sizeBytes: Number(headers.get('content-length') ?? 0),
    sha256,
    body: response.body ?? new ReadableStream({ start: (controller) => controller.close() }),
    bytes,
    text: async () => new TextDecoder().decode(await bytes()),
  }
}
