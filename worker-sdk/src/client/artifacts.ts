/** Responsible for files on their way to the server and back, in any runtime with `fetch`: types, digests, repeats. */
import { limits, mediaTypeOf, type Artifact, type Input } from '@modelreins/contract'
import { ModelReinsError } from './error.ts'
import { foreignAnswer } from './foreign.ts'
import type { Answer, CallOptions } from './nouns.ts'

/** A stream has no length and can be sent once only; everything else is sent again when the answer is lost. */
export type ArtifactBytes = Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>

export interface UploadOptions {
  readonly filename?: string
  /** Taken from the name's ending when absent. */
  readonly contentType?: string
  readonly jobId?: number
  /** The file becomes part of what is reviewed. */
  readonly reviewId?: number
  /** ISO 8601; kept for good when absent. */
  readonly expiresAt?: string
  /** Readable without a token by whoever knows the URL. */
  readonly share?: boolean
  /** Of the bytes, in hex; computed when absent, where the bytes are at hand. */
  readonly sha256?: string
  /** Two uploads with one key are one upload; made when absent. */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
  /** Instead of the client's token: the lease token of one attempt. */
  readonly token?: string
  /** Milliseconds for one try; by size when absent. */
  readonly timeoutMs?: number
}

export interface DownloadOptions {
  readonly signal?: AbortSignal
  readonly token?: string
}

/** A file as it arrives. `bytes` and `text` check the digest; a reader of `body` must check it. */
export interface DownloadedArtifact {
  readonly slug: string
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  /** In hex. */
  readonly sha256: string
  readonly body: ReadableStream<Uint8Array>
  bytes(): Promise<Uint8Array>
  text(): Promise<string>
}

/** What a client lends. */
export interface ArtifactPorts {
  readonly upload: (input: Input<'artifacts.upload'>, options: CallOptions) => Promise<Artifact>
  readonly download: (input: Input<'artifacts.download'>, options: CallOptions) => Promise<Answer<'artifacts.download'>>
}

const hexOf = (bytes: ArrayBuffer): string => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** Undefined where the runtime has no WebCrypto (Node 18): the server's digest is then the only one. */
async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { crypto }: { readonly crypto?: typeof globalThis.crypto } = globalThis
  const subtle = crypto?.subtle
  return subtle === undefined ? undefined : hexOf(await subtle.digest('SHA-256', bytes))
}

/** What a slow line may take: 50 KB each second, on top of what any call may take. */
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
  // A view of shared or larger memory is copied: it must not change while it is sent.
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

/** The slug in a slug, in the `url` that an upload answers, or in a whole address. The token only ever goes to the client's own server. */
const slugIn = (slugOrUrl: string): string => /(?:^|\/s\/)([a-z0-9]+)(?:[?#].*)?$/.exec(slugOrUrl)?.[1] ?? slugOrUrl

function filenameIn(disposition: string | null): string {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1]
  return extended === undefined ? (/filename="([^"]*)"/i.exec(disposition ?? '')?.[1] ?? 'artifact') : decodeURIComponent(extended)
}

/** `slugOrUrl`: what an upload answered. A file that does not arrive whole, or not as it was kept, is an error, never a short file. */
export async function downloadArtifact(
  ports: ArtifactPorts,
  slugOrUrl: string,
  options: DownloadOptions = {},
): Promise<DownloadedArtifact> {
  const slug = slugIn(slugOrUrl)
  const response = await ports.download({ slug }, options)
  const { headers } = response
  const sha256 = headers.get('etag')?.replaceAll(/^W\/|"/g, '') ?? ''
  // Every artifact has its digest; without one it is somebody else's page.
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
