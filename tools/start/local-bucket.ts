/**
 * Responsible for the name of the local bucket and for moving what an older folder kept under another one. The embedded runtime hands out objects
 * to whoever names their bucket, on a port of this machine: the name is a secret.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** 128 random bits. */
export const newBucketName = (): string => `modelreins-${randomBytes(16).toString('hex')}`

/** What the bucket was called before its name was a secret. */
export const formerBucketName = 'modelreins'

const namespace = 'miniflare-R2BucketObject'

/** The file in which the runtime keeps a bucket's index: the id of an object by its name, as workerd derives it. */
export function indexName(bucket: string): string {
  const key = createHash('sha256').update(namespace).digest()
  const mac = (bytes: string | Buffer): Buffer => createHmac('sha256', key).update(bytes).digest().subarray(0, 16)
  const name = mac(bucket)
  return Buffer.concat([name, mac(name)]).toString('hex')
}

/** Renames the objects and the index of a bucket; to be called while no runtime has them open. Nothing happens when there is no such bucket. */
export function renameBucket(dataFolder: string, from: string, to: string): void {
  const r2 = join(dataFolder, 'r2')
  if (existsSync(join(r2, from))) renameSync(join(r2, from), join(r2, to))
  const indexes = join(r2, namespace)
  if (!existsSync(indexes)) return
  const old = indexName(from)
  // The main file last: a crash in between is gone on with at the next start.
  const files = readdirSync(indexes).filter((file) => file.startsWith(`${old}.`))
  for (const file of files.toSorted((one, other) => other.length - one.length)) {
    renameSync(join(indexes, file), join(indexes, `${indexName(to)}${file.slice(old.length)}`))
  }
}
