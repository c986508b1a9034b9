/** Responsible for turning what an executor wants to upload into bytes, type and digest. It sends nothing. */
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { basename, extname } from 'node:path'
import { limits, type Input } from '@modelreins/contract'
import { ModelReinsError } from '../client/error.ts'
import type { ArtifactFile } from './executor.ts'

export interface ArtifactUpload {
  readonly fields: Omit<Input<'artifacts.upload'>, 'job_id'>
  readonly contentType: string
  /** The bytes; a file is read from the disk as it is sent. */
  readonly body: Uint8Array<ArrayBuffer> | Blob
}

/** Endings that agents produce; everything else is bytes. */
const types: Readonly<Record<string, string>> = {
  '.txt': 'text/plain; charset=utf-8',
  '.log': 'text/plain; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.csv': 'text/csv; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.ndjson': 'application/x-ndjson',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.pdf': 'application/pdf',
  '.zip': 'application/zip',
  '.gz': 'application/gzip',
  '.tar': 'application/x-tar',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
}

export const contentTypeOf = (filename: string): string => types[extname(filename).toLowerCase()] ?? 'application/octet-stream'

export async function readArtifact(file: ArtifactFile): Promise<ArtifactUpload> {
  const { body, sha256 } = await contentOf(file.body)
  return {
    fields: {
      filename: basename(file.filename),
      sha256,
      ...(file.expiresAt === undefined ? {} : { expires_at: file.expiresAt }),
      ...(file.share === undefined ? {} : { share: file.share }),
      ...(file.reviewId === undefined ? {} : { review_id: file.reviewId }),
    },
    contentType: file.contentType ?? contentTypeOf(file.filename),
    body,
  }
}

async function contentOf(body: ArtifactFile['body']): Promise<{ body: ArtifactUpload['body']; sha256: string }> {
  if (typeof body === 'object' && 'path' in body) return contentOfFile(body.path)
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : new Uint8Array(body)
  checkSize(bytes.length)
  return { body: bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

async function contentOfFile(path: string): Promise<{ body: ArtifactUpload['body']; sha256: string }> {
  checkSize((await fs.promises.stat(path)).size)
  const hash = createHash('sha256')
  for await (const part of fs.createReadStream(path)) hash.update(part)
  // Node 18 cannot open a file as a blob; there it is read into memory.
  const body = typeof fs.openAsBlob === 'function' ? await fs.openAsBlob(path) : new Uint8Array(await fs.promises.readFile(path))
  return { body, sha256: hash.digest('hex') }
}

function checkSize(bytes: number): void {
  if (bytes <= limits.artifact_bytes) return
  throw new ModelReinsError(`An artifact may have ${limits.artifact_bytes} bytes; this one has ${bytes}`, { code: 'too-large' })
}
