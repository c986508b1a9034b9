/** Responsible for running a Python program in one of the prepared environments, and for its output. It knows no operation. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from '../until.ts'
import type { Environment } from './prepare.ts'

export interface Program {
  readonly pid: number
  /** Everything printed on both streams. */
  readonly text: () => string
  /** Everything printed on standard output. */
  readonly out: () => string
  /** The exit code, or -1 when a signal ended it. */
  readonly exit: Promise<number>
  readonly kill: (signal: NodeJS.Signals) => void
  /** Resolves when the output matches the pattern. */
  readonly said: (pattern: RegExp, limitMs?: number) => Promise<void>
}

export interface ProgramOptions {
  readonly arguments?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Text of a program, instead of a file. */
  readonly code?: string
}

/** A worker that does what its prompts say (see the file). */
export const workerProgram = fileURLToPath(new URL('../standins/python_worker.py', import.meta.url))

/** The programs of one test file: they share a home, and those that a test left running are ended. */
export class Programs {
  readonly home = mkdtempSync(join(tmpdir(), 'modelreins-python-home-'))
  readonly #running = new Set<ChildProcess>()

  /** Runs outside the source folder, so that only the wheel can be imported. */
  start(environment: Environment, file: string | undefined, options: ProgramOptions = {}): Program {
    const words = options.code === undefined ? [file ?? '', ...(options.arguments ?? [])] : ['-c', options.code]
    const child = spawn(environment.python, words, {
      cwd: this.home,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: this.home, PYTHONUNBUFFERED: '1', ...options.env },
    })
    this.#running.add(child)
    let text = ''
    let out = ''
    let ended = false
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      out += piece
    })
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    const exit = new Promise<number>((resolve) => {
      child.once('close', (code) => {
        ended = true
        this.#running.delete(child)
        resolve(code ?? -1)
      })
    })
    const said = async (pattern: RegExp, limitMs = 30_000): Promise<void> => {
      await until(
        () => {
          if (pattern.test(text)) return true
          if (ended) throw new Error(`the program ended without saying ${String(pattern)}:\n${text}`)
          return undefined
        },
        limitMs,
        () => `the program did not say ${String(pattern)}:\n${text}`,
      )
    }
    return { pid: child.pid ?? 0, text: () => text, out: () => out, exit, kill: (signal) => void child.kill(signal), said }
  }

  /** A worker that is ready, started with these flags and this token. */
  async worker(environment: Environment, url: string, token: string, options: ProgramOptions = {}): Promise<Program> {
    const program = this.start(environment, workerProgram, {
      ...options,
      env: { MODELREINS_URL: url, MODELREINS_TOKEN: token, ...options.env },
    })
    await program.said(/ is ready at /)
    return program
  }

  /** Ends all programs that still run, at once. */
  async end(): Promise<void> {
    const ends = [...this.#running].map((child) => new Promise((resolve) => child.once('close', resolve)))
    for (const child of this.#running) child.kill('SIGKILL')
    await Promise.all(ends)
  }

  async close(): Promise<void> {
    await this.end()
    rmSync(this.home, { recursive: true, force: true })
  }
}
