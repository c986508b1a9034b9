/** Responsible for turning what a program on this machine wants to upload into bytes, name and digest: a path, bytes, a stream. */
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Artifact } from '@modelreins/contract'
import { checkArtifactSize, type ArtifactBytes, type UploadOptions } from '../../client/artifacts.ts'
import { ModelReinsError } from '../../client/error.ts'

/** A text is the path of a file, which is read as it is sent. */
export type ArtifactSource = string | URL | ArtifactBytes

type Upload = (source: ArtifactBytes, options: UploadOptions) => Promise<Artifact>

/** Node 18 cannot open a file as a blob; a file up to this size is read into memory there, so that it can be sent again. */
const inMemory = 16 * 1024 * 1024

const pathOf = (source: string | URL): string => (source instanceof URL ? fileURLToPath(source) : source)

async function openFile(path: string, size: number): Promise<ArtifactBytes> {
  if (typeof fs.openAsBlob === 'function') return fs.openAsBlob(path)
  if (size <= inMemory) return new Uint8Array(await fs.promises.readFile(path))
  // The two declarations of one standard differ in words.
  return Readable.toWeb(fs.createReadStream(path)) as unknown as ReadableStream<Uint8Array>
}

/** The size is asked for and the digest made before the first byte leaves: a file that changes meanwhile is refused by the server. */
async function uploadPath(upload: Upload, path: string, options: UploadOptions): Promise<Artifact> {
  const { size } = await fs.promises.stat(path)
  checkArtifactSize(size)
  const hash = createHash('sha256')
  for await (const part of fs.createReadStream(path)) hash.update(part)
  const body = await openFile(path, size)
  return upload(body, { filename: basename(path), sha256: hash.digest('hex'), ...options })
}

/** The digest of a stream is known when it has been sent: what the server has is compared then. */
async function uploadStream(upload: Upload, stream: ReadableStream<Uint8Array>, options: UploadOptions): Promise<Artifact> {
  const hash = createHash('sha256')
  const hashed = stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        hash.update(chunk)
        controller.enqueue(chunk)
      },
    }),
  )
  const artifact = await upload(hashed, options)
  const sent = hash.digest('hex')
  if (artifact.sha256 === sent) return artifact
  throw new ModelReinsError(`Artifact ${artifact.slug} does not match the upload: its SHA-256 is ${artifact.sha256}, not ${sent}`, {
    code: 'conflict',
  })
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Uploads from this machine: a file by its path, bytes, or a stream. */
export async function uploadSource(upload: Upload, source: ArtifactSource, options: UploadOptions = {}): Promise<Artifact> {
  if (typeof source === 'string' || source instanceof URL) return uploadPath(upload, pathOf(source), options)
  if (source instanceof ReadableStream) return uploadStream(upload, source, options)
  if (source instanceof Blob) return upload(source, options)
  const bytes = new Uint8Array(source)
  checkArtifactSize(bytes.byteLength)
  return upload(bytes, { sha256: sha256(bytes), ...options })
}
