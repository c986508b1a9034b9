/** Responsible for running the packaged command line as a process with its own home. It knows no command. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built program: it starts in a fifth of the time of the source. */
export const cliMain = fileURLToPath(new URL('../../worker-sdk/dist/cli.js', import.meta.url))

export interface Ended {
  /** Exit code; -1 for a process that a signal ended. */
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunningCli {
  readonly pid: number
  readonly out: () => string
  readonly err: () => string
  readonly signal: (signal: NodeJS.Signals) => void
  /** Closes the reading end of its output. */
  readonly closeOutput: () => void
  /** Resolves when standard output or error contains this text; rejects when the process ends without it. */
  readonly until: (text: string) => Promise<void>
  readonly ended: Promise<Ended>
}

export interface CliOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A machine as the command line sees it: home, config file, environment. */
export class CliHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'modelreins-cli-home-'))
  readonly configFile = join(this.folder, 'modelreins', 'config.json')
  readonly #running = new Set<ChildProcess>()
  readonly #main: string

  /** `main`: a program to run instead of the built command line. */
  constructor(main = cliMain) {
    this.#main = main
  }

  start(words: readonly string[], options: CliOptions = {}): RunningCli {
    const child = spawn(process.execPath, [this.#main, ...words], {
      cwd: this.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: this.folder, NO_COLOR: '1', MODELREINS_CONFIG: this.configFile, ...options.env },
    })
    this.#running.add(child)
    let out = ''
    let err = ''
    const watchers = new Set<() => void>()
    const look = (): void => {
      for (const watcher of watchers) watcher()
    }
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      out += piece
      look()
    })
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      err += piece
      look()
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.stdin ?? '')
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code) => {
        this.#running.delete(child)
        resolve({ code: code ?? -1, out, err })
      })
    })
    const until = (text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const watcher = (): void => {
          if (!out.includes(text) && !err.includes(text)) return
          watchers.delete(watcher)
          resolve()
        }
        watchers.add(watcher)
        watcher()
        void ended.then(({ code }) => reject(new Error(`ended with ${code} before "${text}":\n${out}\n${err}`)))
      })
    return {
      pid: child.pid ?? 0,
      out: () => out,
      err: () => err,
      signal: (signal) => void child.kill(signal),
      closeOutput: () => {
        child.stdout.destroy()
        child.stderr.destroy()
      },
      until,
      ended,
    }
  }

  run(words: readonly string[], options: CliOptions = {}): Promise<Ended> {
    return this.start(words, options).ended
  }

  close(): void {
    for (const child of this.#running) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
