/** Responsible for running one gate in child processes and reporting the outcome. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Selection } from './gates.ts'
import { recordVariable } from './running-tests.ts'
import { count, longest, waitedFor, type Count, type TestReport } from './test-report.ts'

export interface Outcome extends Count {
  readonly title: string
  readonly seconds: number
  readonly note?: string
}

/** The script of an installed package's command. Starting it by its path works on every system. */
function scriptOf(root: string, tool: string): string {
  const folder = join(root, 'node_modules', tool)
  const manifest: { bin?: string | Record<string, string> } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const entry = typeof manifest.bin === 'string' ? manifest.bin : (manifest.bin?.[tool] ?? Object.values(manifest.bin ?? {})[0])
  if (entry === undefined) throw new Error(`the package ${tool} has no command`)
  return join(folder, entry)
}

/** Disables colours unless a terminal shows the output: some tools colour it whenever they detect CI. */
const plainEnvironment = (): NodeJS.ProcessEnv =>
  process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined }

function run(
  root: string,
  tool: string,
  words: readonly string[],
  limitMs: number,
  onLimit: () => void = () => undefined,
  more: NodeJS.ProcessEnv = {},
): Promise<number> {
  const script = tool === 'node' ? [] : [scriptOf(root, tool)]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...script, ...words], { cwd: root, stdio: 'inherit', env: { ...plainEnvironment(), ...more } })
    const timer = setTimeout(() => {
      console.error(`stopped: ${tool} took longer than ${limitMs / 60_000} minutes`)
      onLimit()
      child.kill('SIGKILL')
    }, limitMs)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('exit', (code) => {
      clearTimeout(timer)
      resolve(code ?? 1)
    })
  })
}

async function runTests(root: string, selection: Selection): Promise<Count & { readonly note?: string }> {
  const { gate, files } = selection
  if (gate.kind !== 'tests') throw new Error(`${gate.name} is no test gate`)
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-check-'))
  const reportFile = join(folder, 'report.json')
  try {
    const running = join(folder, 'running.json')
    const reporters = ['default', 'json', join(root, 'tools/check/running-tests.ts')].map((name) => `--reporter=${name}`)
    const words = [...gate.arguments, ...reporters, `--outputFile.json=${reportFile}`, ...files]
    const onLimit = (): void => {
      for (const line of waitedFor(existsSync(running) ? readFileSync(running, 'utf8') : '[]', Date.now())) console.error(line)
    }
    const exitCode = await run(root, 'vitest', words, gate.limitMinutes * 60_000, onLimit, { [recordVariable]: running })
    if (!existsSync(reportFile)) return { passed: 0, failed: 1, skipped: 0 }
    const report: TestReport = JSON.parse(readFileSync(reportFile, 'utf8'))
    for (const line of longest(report)) console.log(line)
    const counted = count(report, exitCode)
    if (counted.skipped === 0 || gate.whenSkipped === undefined) return counted
    // Where skipping is not allowed, skipped tests count as a failure.
    const failed = gate.requiredBy !== undefined && process.env[gate.requiredBy] === '1' ? counted.failed + 1 : counted.failed
    return { ...counted, failed, note: gate.whenSkipped }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function runGate(root: string, selection: Selection): Promise<Outcome> {
  const { gate } = selection
  const started = performance.now()
  const outcome = (counted: Count & { readonly note?: string }): Outcome => ({
    title: gate.title,
    seconds: (performance.now() - started) / 1_000,
    ...counted,
  })
  if (gate.kind === 'tests') return outcome(await runTests(root, selection))
  let failed = 0
  // All commands run even after one failed, because a developer wants to see all type errors at once.
  for (const command of gate.commands) {
    const code = await run(root, command.tool, command.arguments, gate.limitMinutes * 60_000)
    if (code !== 0) failed = 1
  }
  return outcome({ passed: 1 - failed, failed, skipped: 0 })
}
