/** Responsible for converting the source of an upload (a path, bytes, a stream) into bytes, name and digest. */
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Artifact } from '@modelreins/contract'
import { checkArtifactSize, type ArtifactBytes, type UploadOptions } from '../../client/artifacts.ts'
import { ModelReinsError } from '../../client/error.ts'

/** A text is the path of a file, which is read while it is sent. */
export type ArtifactSource = string | URL | ArtifactBytes

type Upload = (source: ArtifactBytes, options: UploadOptions) => Promise<Artifact>

/** Node 18 cannot open a file as a blob. There, a file up to this size is read into memory, so that it can be sent again. */
const inMemory = 16 * 1024 * 1024

const pathOf = (source: string | URL): string => (source instanceof URL ? fileURLToPath(source) : source)

async function openFile(path: string, size: number): Promise<ArtifactBytes> {
  if (typeof fs.openAsBlob === 'function') return fs.openAsBlob(path)
  if (size <= inMemory) return new Uint8Array(await fs.promises.readFile(path))
  // The two type declarations of the same standard differ.
  return Readable.toWeb(fs.createReadStream(path)) as unknown as ReadableStream<Uint8Array>
}

/** Size and digest are determined before the first byte is sent. If the file changes in between, the server rejects it. */
async function uploadPath(upload: Upload, path: string, options: UploadOptions): Promise<Artifact> {
  const { size } = await fs.promises.stat(path)
  checkArtifactSize(size)
  const hash = createHash('sha256')
  for await (const part of fs.createReadStream(path)) hash.update(part)
  const body = await openFile(path, size)
  return upload(body, { filename: basename(path), sha256: hash.digest('hex'), ...options })
}

/** The digest of a stream is known only after it was sent, so it is compared with the server's digest then. */
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

/** Uploads a file by its path, bytes, or a stream. */
export async function uploadSource(upload: Upload, source: ArtifactSource, options: UploadOptions = {}): Promise<Artifact> {
  if (typeof source === 'string' || source instanceof URL) return uploadPath(upload, pathOf(source), options)
  if (source instanceof ReadableStream) return uploadStream(upload, source, options)
  if (source instanceof Blob) return upload(source, options)
  const bytes = new Uint8Array(source)
  checkArtifactSize(bytes.byteLength)
  return upload(bytes, { sha256: sha256(bytes), ...options })
}
