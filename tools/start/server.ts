/** Responsible for the server process as `npm start` sees it: start it, wait until it is ready, stop it. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ServerReport, ServerRequest } from './server-process.ts'
import { StartFailure } from './start-failure.ts'

export interface Server {
  readonly url: string
  /** Resolves when the server process has ended; `wanted` distinguishes a stop from a crash. */
  readonly ended: Promise<{ readonly wanted: boolean }>
  readonly stop: () => Promise<void>
}

const stopLimitMs = 10_000

/** Rejects when the signal aborts before the server is ready; then no process is left. */
export async function startServer(request: Omit<ServerRequest, 'kind'>, signal: AbortSignal): Promise<Server> {
  const child = fork(fileURLToPath(new URL('server-process.ts', import.meta.url)), [], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let wanted = false
  const ended = new Promise<{ readonly wanted: boolean }>((resolve) => {
    child.once('exit', () => resolve({ wanted }))
  })
  const stop = async (): Promise<void> => {
    wanted = true
    if (child.connected) child.send({ kind: 'stop' })
    const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
    await ended
    clearTimeout(timer)
  }
  const first = new Promise<ServerReport>((resolve) => {
    child.once('message', (message: ServerReport) => resolve(message))
    child.once('error', (error) =>
      resolve({ kind: 'failed', sentence: error.message, ...(error.stack === undefined ? {} : { stack: error.stack }) }),
    )
    child.once('exit', (code, signal) =>
      resolve({ kind: 'failed', sentence: `The server ended before it was ready (${signal ?? `exit code ${code}`}).` }),
    )
  })
  child.send({ kind: 'start', ...request } satisfies ServerRequest)
  const onAbort = (): void => void stop()
  signal.addEventListener('abort', onAbort, { once: true })
  const report = await first
  signal.removeEventListener('abort', onAbort)
  if (signal.aborted) {
    await stop()
    throw signal.reason
  }
  if (report.kind === 'failed') {
    await ended
    throw report.stack === undefined
      ? new StartFailure(report.sentence)
      : Object.assign(new Error(report.sentence), { stack: report.stack })
  }
  return { url: report.url, ended, stop }
}
