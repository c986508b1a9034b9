/** Responsible for this machine's worker process as `npm start` sees it: start it, wait until it is ready, stop it with its children. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { WorkerReport, WorkerRequest } from './local-worker.ts'
import { StartFailure } from './start-failure.ts'

export interface WorkerProcess {
  /** Resolves when the process has ended; `killswitch` when it ended because a member raised the killswitch. */
  readonly ended: Promise<{ readonly wanted: boolean; readonly killswitch: boolean }>
  readonly stop: () => Promise<void>
}

/** Milliseconds: longer than the worker needs to end its jobs (TERM, two seconds, KILL) and to report. */
const stopLimitMs = 15_000

/** Rejects when the signal aborts before the worker is ready; then no process is left. */
export async function startWorker(request: Omit<WorkerRequest, 'kind'>, signal: AbortSignal): Promise<WorkerProcess> {
  const child = fork(fileURLToPath(new URL('local-worker.ts', import.meta.url)), [], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let wanted = false
  let killswitch = false
  const ended = new Promise<{ readonly wanted: boolean; readonly killswitch: boolean }>((resolve) => {
    child.once('exit', () => resolve({ wanted, killswitch }))
  })
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: WorkerReport) => {
      if (message.kind === 'ready') resolve()
      if (message.kind === 'failed') reject(new StartFailure(`The local worker cannot start: ${message.message}`))
      if (message.kind === 'killswitch') killswitch = true
    })
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new StartFailure(`The local worker ended before it was ready (${signal ?? `exit code ${code}`}).`)),
    )
  })
  const stop = async (): Promise<void> => {
    wanted = true
    if (child.connected) child.send({ kind: 'stop' })
    else child.kill('SIGTERM')
    const timer = setTimeout(() => {
      // Ends the whole process group, including a provider's child that the worker could not stop.
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL')
      } catch {
        child.kill('SIGKILL')
      }
    }, stopLimitMs)
    await ended
    clearTimeout(timer)
  }
  child.send({ kind: 'start', ...request } satisfies WorkerRequest)
  const onAbort = (): void => void stop()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await ready
    signal.throwIfAborted()
  } catch (error) {
    await stop()
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  return { ended, stop }
}
