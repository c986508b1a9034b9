/** Responsible for describing the machine that measured, without naming it: no host names, no paths. */
import { createRequire } from 'node:module'
import { cpus, loadavg, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly system: string
  readonly processor: string
  readonly cores: number
  readonly memory_gib: number
  /** Processes that wanted to run, in the minute before the first bench: more than the cores means noise. */
  readonly load_before: number
  readonly node: string
  readonly workerd: string
}

const versionOf = (name: string): string => {
  const manifest: unknown = createRequire(import.meta.url)(`${name}/package.json`)
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}

export const thisMachine = (): Machine => ({
  system: `${type()} ${release().split('-')[0] ?? ''}`,
  processor: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  load_before: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  node: process.version,
  workerd: versionOf('workerd'),
})
