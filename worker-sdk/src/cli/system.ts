/** Responsible for the system that a command runs on (arguments, environment, streams, signals), as one value that tests replace. */
import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { proxyFetch } from '../net/proxy-fetch.ts'
import { systemClock, type Clock } from '../client/clock.ts'
import type { Fetch } from '../client/transport.ts'
import type { Environment } from '../worker/settings/options.ts'
import type { Prompter } from './prompter.ts'
import type { StartEnvironment } from './setup/start-environment.ts'
import { textOf } from './arguments/read-text.ts'

export interface Sink {
  /** Text, or the unchanged bytes of a file. */
  write(piece: string | Uint8Array): void
  /** Settles when more may be written, so that output for a slow reader does not fill the memory. */
  drained(): Promise<void>
  readonly isTerminal: boolean
  readonly columns: number
  /** Only for a terminal that reports it. */
  readonly rows?: number | undefined
}

/** Signals that ask a program to end: Ctrl-C, a service manager, a closed terminal, Ctrl-\. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT'

export interface System {
  /** The arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: Environment
  /** Variables with credentials that jobs of this user could read from this process. */
  readonly exposed?: readonly string[]
  readonly platform: NodeJS.Platform
  readonly home: string
  readonly stdout: Sink
  readonly stderr: Sink
  readonly stdinIsTerminal: boolean
  /** Everything that arrives on standard input until it ends. */
  readonly readStdin: () => Promise<string>
  /** Starts asking questions; only if standard input and standard error are terminals. */
  readonly openPrompter: () => Prompter
  /** Calls back on these signals (default: SIGINT and SIGTERM) until the returned function is called. */
  readonly onSignal: (listener: (signal: StopSignal) => void, signals?: readonly StopSignal[]) => () => void
  readonly fetch: Fetch
  readonly clock: Clock
  /** The command that starts this program again: Node and the script. */
  readonly program: readonly [node: string, script: string]
  /** Runs a system program to its end; `output` has both of its outputs. Code 127: there is no such program. */
  readonly runProgram: (file: string, args: readonly string[]) => Promise<{ readonly code: number; readonly output: string }>
  /** The numeric id of the user; undefined on systems without one. */
  readonly userId: number | undefined
}

const sinkOf = (stream: NodeJS.WriteStream): Sink => ({
  write: (piece) => void stream.write(piece),
  drained: () => (stream.writableNeedDrain ? new Promise((resolve) => void stream.once('drain', resolve)) : Promise.resolve()),
  get isTerminal() {
    return stream.isTTY === true
  },
  get columns() {
    return stream.isTTY === true && stream.columns > 0 ? stream.columns : 80
  },
  get rows() {
    return stream.isTTY === true && stream.rows > 0 ? stream.rows : 24
  },
})

async function readStdin(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(Buffer.from(part))
  return textOf(Buffer.concat(parts))
}

const runProgram: System['runProgram'] = (file, args) =>
  new Promise((resolve) => {
    execFile(file, [...args], { timeout: 60_000, windowsHide: true }, (error, stdout, stderr) => {
      const missing = error !== null && 'code' in error && error.code === 'ENOENT'
      const code = error === null ? 0 : missing ? 127 : typeof error.code === 'number' ? error.code : 1
      resolve({
        code,
        output: [stdout, stderr, missing ? error.message : '']
          .filter((text) => text !== '')
          .join('\n')
          .trim(),
      })
    })
  })

/** A link in a folder of binaries can change; its target is where the package is. */
function scriptPath(): string {
  const script = process.argv[1] ?? ''
  try {
    return realpathSync(script)
  } catch {
    return script
  }
}

function onSignal(listener: (signal: StopSignal) => void, signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']): () => void {
  const handlers = signals.map((signal) => ({ signal, handler: () => listener(signal) }))
  for (const { signal, handler } of handlers) process.on(signal, handler)
  return () => {
    for (const { signal, handler } of handlers) process.off(signal, handler)
  }
}

export const nodeSystem = (home: string, openPrompter: () => Prompter, { env, exposed }: StartEnvironment): System => ({
  argv: process.argv.slice(2),
  env,
  exposed,
  platform: process.platform,
  home,
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  stdinIsTerminal: process.stdin.isTTY === true,
  readStdin,
  openPrompter,
  onSignal,
  fetch: proxyFetch(process.env),
  clock: systemClock,
  program: [process.execPath, scriptPath()],
  runProgram,
  userId: process.getuid?.(),
})
