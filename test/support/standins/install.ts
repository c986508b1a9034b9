/** Responsible for installing a stand-in on a separate PATH under the name of the program that it replaces. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Standin {
  /** Environment of a worker on a machine with this program. */
  readonly env: Readonly<Record<string, string>>
  /** Working folder for the job. */
  readonly workDir: string
  /** Arguments, input and environment of each start of the program. */
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
