/** Responsible for describing the machine of a run without identifying it: no host names, no paths. */
import { createRequire } from 'node:module'
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'

export interface Machine {
  readonly system: string
  readonly processor: string
  readonly cores: number
  readonly memory_gib: number
  /** Load average of the minute before the first bench: a value above the number of cores means noisy figures. */
  readonly load_before: number
  /** Sequential small flushed writes a second on the disk of the temporary folder: the upper bound for a queue that stores each job separately. */
  readonly flushes_per_second: number
  readonly node: string
  readonly workerd: string
}

const versionOf = (name: string): string => {
  const manifest: unknown = createRequire(import.meta.url)(`${name}/package.json`)
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}

function flushesPerSecond(): number {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-flush-'))
  const file = openSync(join(folder, 'file'), 'w')
  const piece = Buffer.alloc(4_096)
  const begun = performance.now()
  let flushes = 0
  for (; performance.now() - begun < 500; flushes += 1) {
    writeSync(file, piece)
    fdatasyncSync(file)
  }
  const rate = (flushes / (performance.now() - begun)) * 1000
  closeSync(file)
  rmSync(folder, { recursive: true })
  return Math.round(rate)
}

export const thisMachine = (): Machine => ({
  system: `${type()} ${release().split('-')[0] ?? ''}`,
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  load_before: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  flushes_per_second: flushesPerSecond(),
  node: process.version,
  workerd: versionOf('workerd'),
})
