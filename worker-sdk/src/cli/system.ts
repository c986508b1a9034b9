/** Responsible for the system a command runs on (arguments, environment, streams, signals), as one value that tests replace. */
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
  /** Text, or the bytes of a file as they are. */
  write(piece: string | Uint8Array): void
  /** Settles when what was written has gone far enough that more may follow: a slow reader must not fill our memory. */
  drained(): Promise<void>
  readonly isTerminal: boolean
  readonly columns: number
  /** Of a terminal that says it. */
  readonly rows?: number | undefined
}

/** What asks a program to end: Ctrl-C, a service manager, a terminal that was closed, Ctrl-\. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT'

export interface System {
  /** Behind the program's name. */
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
  /** Opens a conversation; only where standard input and error are a terminal. */
  readonly openPrompter: () => Prompter
  /** Calls back on these signals, SIGINT and SIGTERM unless told, until the returned function is called. */
  readonly onSignal: (listener: (signal: StopSignal) => void, signals?: readonly StopSignal[]) => () => void
  readonly fetch: Fetch
  readonly clock: Clock
  /** How this program is started again: Node and the script. */
  readonly program: readonly [node: string, script: string]
  /** Runs a program of the system to its end; both outputs in one text. Code 127: there is no such program. */
  readonly runProgram: (file: string, args: readonly string[]) => Promise<{ readonly code: number; readonly output: string }>
  /** Of the person who runs it; undefined where there is no such number. */
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

/** A link in a folder of binaries may move; what it points to is where the package is. */
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
