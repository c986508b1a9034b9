/** Responsible for running one bench as a child process with a time limit, and for removing all its processes and files, however it ends. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { BenchName } from './benches.ts'
import type { Scale } from './measure.ts'
import type { Outcome } from './one.ts'

const script = fileURLToPath(new URL('./one.ts', import.meta.url))
const marker = 'MODELREINS_BENCH_RUN'
const stopLimitMs = 3_000

/** Ids of all processes with the mark in their environment, which also finds grandchildren in their own sessions. Linux only. */
function marked(mark: string): readonly number[] {
  if (!existsSync('/proc')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)
      } catch {
        return false
      }
    })
    .map(Number)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process has already ended.
  }
}

export interface RunRequest {
  readonly name: BenchName
  readonly scale: Scale
  readonly limitMs: number
  readonly peers: boolean
  /** Ends the bench early. */
  readonly abort: AbortSignal
}

export async function runBench({ name, scale, limitMs, peers, abort }: RunRequest): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-bench-'))
  // PostgreSQL runs as another user and must be able to enter its folder below this one.
  chmodSync(folder, 0o711)
  const mark = `${marker}=${randomUUID()}`
  const [, id = ''] = mark.split('=')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, name, scale], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Its own process group, so that Ctrl-C reaches only this process, which then ends the bench in order.
    detached: true,
    env: { ...process.env, TMPDIR: folder, [marker]: id, ...(peers ? {} : { MODELREINS_BENCH_PEERS: 'none' }) },
  })
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), limitMs)
  const stopped = AbortSignal.any([abort, late.signal])
  let outcome: Outcome | undefined
  // After we have ended the bench, its own last messages are ignored.
  child.on('message', (message) => {
    if (!stopped.aborted) outcome = message as Outcome
  })
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve()).once('error', () => resolve())
  })
  const cut = new Promise<void>((resolve) => {
    if (stopped.aborted) resolve()
    else stopped.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([ended, cut])
  clearTimeout(timer)
  const group = child.pid === undefined ? undefined : -child.pid
  if (group !== undefined) signal(group, 'SIGTERM')
  for (const pid of marked(mark)) signal(pid, 'SIGTERM')
  for (let waited = 0; waited < stopLimitMs && marked(mark).length > 0; waited += 100) await pause(100)
  if (group !== undefined) signal(group, 'SIGKILL')
  for (const pid of marked(mark)) signal(pid, 'SIGKILL')
  await ended
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  if (outcome !== undefined) return outcome
  if (abort.aborted) return { error: 'interrupted' }
  return { error: late.signal.aborted ? `took longer than ${Math.round(limitMs / 1000)} s and was ended` : 'ended without an answer' }
}
