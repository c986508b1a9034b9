/** Responsible for putting a stand-in on a PATH of its own under the name of the program it stands in for. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Standin {
  /** Environment of a worker on whose machine the program is installed. */
  readonly env: Readonly<Record<string, string>>
  /** A folder for the job to work in. */
  readonly workDir: string
  /** What the program was started with, one entry per start. */
  starts(): readonly { readonly argv: readonly string[]; readonly stdin: string; readonly env: Readonly<Record<string, string>> }[]
  remove(): void
}

export const installStandin = (name: 'claude' | 'codex' | 'aider', scenario: string): Standin => {
  const folder = mkdtempSync(join(tmpdir(), `standin-${name}-`))
  const bin = join(folder, 'bin')
  const workDir = join(folder, 'work')
  mkdirSync(bin)
  mkdirSync(workDir)
  const log = join(folder, 'starts.ndjson')
  writeFileSync(log, '')
  const script = new URL(`./${name}.ts`, import.meta.url).href
  const program = join(bin, name)
  writeFileSync(program, `#!${process.execPath}\nimport(${JSON.stringify(script)})\n`)
  chmodSync(program, 0o755)
  return {
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: folder, STANDIN_SCENARIO: scenario, STANDIN_LOG: log },
    workDir,
    starts: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
