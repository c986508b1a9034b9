/**
 * Responsible for the name of the local bucket, and for moving the content of an older folder's bucket. The embedded runtime serves objects on a
 * local port to any program that knows the bucket's name, so the name is a secret.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** 128 random bits. */
export const newBucketName = (): string => `modelreins-${randomBytes(16).toString('hex')}`

/** The bucket's name in folders from before it was a secret. */
export const formerBucketName = 'modelreins'

const namespace = 'miniflare-R2BucketObject'

/** The file in which the runtime stores a bucket's index. Its name is derived from the bucket's name as workerd derives it. */
export function indexName(bucket: string): string {
  const key = createHash('sha256').update(namespace).digest()
  const mac = (bytes: string | Buffer): Buffer => createHmac('sha256', key).update(bytes).digest().subarray(0, 16)
  const name = mac(bucket)
  return Buffer.concat([name, mac(name)]).toString('hex')
}

/** Renames the objects and the index of a bucket; must not run while a runtime has them open. Does nothing when the bucket does not exist. */
export function renameBucket(dataFolder: string, from: string, to: string): void {
  const r2 = join(dataFolder, 'r2')
  if (existsSync(join(r2, from))) renameSync(join(r2, from), join(r2, to))
  const indexes = join(r2, namespace)
  if (!existsSync(indexes)) return
  const old = indexName(from)
  // The main file is moved last, so that the next start continues after a crash.
  const files = readdirSync(indexes).filter((file) => file.startsWith(`${old}.`))
  for (const file of files.toSorted((one, other) => other.length - one.length)) {
    renameSync(join(indexes, file), join(indexes, `${indexName(to)}${file.slice(old.length)}`))
  }
}
