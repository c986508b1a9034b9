/** Responsible for `artifacts`: the list, and downloading a file with a check of its digest. */
import { createHash, type Hash } from 'node:crypto'
import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { artifactList, shown, type Artifact } from '@modelreins/contract'
import type { DownloadedArtifact } from '../../client/artifacts.ts'
import { ModelReinsError } from '../../client/error.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import { showBytes } from '../output/job-text.ts'
import { isActiveFileName } from '../output/active-file-names.ts'
import type { Column } from '../output/presenter.ts'
import { showAge } from '../output/time-words.ts'
import { UsageError } from '../arguments/usage-error.ts'

const columns = (now: number): readonly Column<Artifact>[] => [
  { title: 'SLUG', cell: (artifact) => artifact.slug },
  { title: 'JOB', cell: (artifact) => (artifact.job_id === null ? '' : String(artifact.job_id)), right: true },
  { title: 'SIZE', cell: (artifact) => String(artifact.size_bytes), human: (artifact) => showBytes(artifact.size_bytes), right: true },
  { title: 'AGE', cell: (artifact) => artifact.created_at, human: (artifact) => showAge(artifact.created_at, now), right: true },
  { title: 'TYPE', cell: (artifact) => artifact.content_type },
  { title: 'NAME', cell: (artifact) => artifact.filename, wide: true },
]

export async function artifacts(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const fields = { job_id: invocation.count('job'), limit: invocation.count('limit'), cursor: invocation.text('cursor') }
  const query = checked(artifactList, fields, { name: (path) => `--${path.replace(/_id$/, '')}` })
  const { client } = await connect(context)
  const page = await client.artifacts.list(query)
  if (show.json) show.value(page)
  else if (page.items.length > 0) show.table(columns(context.now), page.items)
  else show.note('No artifacts')
  if (page.next_cursor !== null) show.note(show.errorStyle.dim(`more: --cursor ${page.next_cursor}`))
  return 0
}

export async function artifactsGet(context: CommandContext): Promise<number> {
  const { invocation, show, system } = context
  const target = invocation.text('output')
  if (target === '-' && system.stdout.isTerminal)
    throw new UsageError('Refusing to print a file to a terminal: pass --output FILE, or pipe it')
  if (target === '-' && show.json) throw new UsageError('--json and --output - cannot both use standard output')
  const { client } = await connect(context)
  const file = await client.downloadArtifact(invocation.argument(0) ?? '')
  if (target === '-') {
    await toStandardOutput(context, file)
    return 0
  }
  const path = target ?? (await nameFor(file))
  if (target === undefined && existsSync(path)) {
    await file.body.cancel()
    throw new UsageError(`${path} already exists`, 'pass --output FILE to write elsewhere or to overwrite it')
  }
  await toFile(file, path)
  const { slug, filename, contentType, sha256 } = file
  if (show.json) show.value({ slug, path, filename, content_type: contentType, sha256 })
  else if (show.human) show.note(`Written to ${shown(path)}`)
  else show.line(path)
  return 0
}

/**
 * The name to save under. The server has made the name safe, but that it names no other folder, and no file that programs execute or read
 * automatically, is checked again here, because the uploader chose the name.
 */
function ownName(file: DownloadedArtifact): string {
  const name = basename(file.filename)
  if (name === '' || name === '.' || name === '..') return file.slug
  if (!isActiveFileName(name)) return name
  throw new UsageError(
    `The file calls itself ${shown(name)}, and programs in this folder may read or run a file of that name by themselves`,
    'choose another name with --output FILE',
  )
}

/** If the name is rejected, the download is cancelled. */
async function nameFor(file: DownloadedArtifact): Promise<string> {
  try {
    return ownName(file)
  } catch (error) {
    await file.body.cancel()
    throw error
  }
}

/** A file under its final name is always complete, because it is written under a temporary name first. */
async function toFile(file: DownloadedArtifact, path: string): Promise<void> {
  const part = `${path}.${process.pid}.part`
  const hash = createHash('sha256')
  try {
    await pipeline(Readable.from(hashed(file, hash)), createWriteStream(part, { flags: 'wx' }))
    checkDigest(file, hash)
    renameSync(part, path)
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}

/** An error is only known after all bytes have been passed on, so the exit code reports it. */
async function toStandardOutput({ system }: CommandContext, file: DownloadedArtifact): Promise<void> {
  const hash = createHash('sha256')
  for await (const bytes of hashed(file, hash)) {
    system.stdout.write(bytes)
    await system.stdout.drained()
  }
  checkDigest(file, hash)
}

async function* hashed({ slug, body }: DownloadedArtifact, hash: Hash): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new ModelReinsError(`Artifact ${slug} did not arrive whole`, { code: 'network', cause })
    })
    if (done) return
    hash.update(value)
    yield value
  }
}

function checkDigest(file: DownloadedArtifact, hash: Hash): void {
  const found = hash.digest('hex')
  if (found === file.sha256) return
  throw new ModelReinsError(`Artifact ${file.slug} does not match its digest: its SHA-256 is ${found}`, { code: 'network' })
}
