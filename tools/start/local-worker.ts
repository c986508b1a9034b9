/**
 * Responsible for the process of this machine's worker: a child of `npm start` that runs the SDK's Worker with a provider. It receives its token in a
 * message, so that the token is in no argument and no environment.
 */
import { shown } from '@modelreins/contract'
import { Worker } from '../../worker-sdk/src/index.ts'

export interface WorkerRequest {
  readonly kind: 'start'
  readonly url: string
  readonly token: string
  readonly name: string
  readonly provider: string
  readonly model?: string
  readonly endpoint?: string
  readonly command?: string
  readonly workDir: string
}

export type WorkerReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'killswitch'; readonly reason: string | null }

/** Milliseconds after a stop until running jobs go back to the queue: a person who stops `npm start` does not want to wait. */
const graceMs = 500

const report = (message: WorkerReport): void => {
  if (process.connected && process.send !== undefined) process.send(message)
}

async function run(request: WorkerRequest): Promise<void> {
  const { kind: _kind, provider, ...options } = request
  // Only one server at a time holds this state folder and the name: another worker with it is left over from a killed start, so it is taken over.
  const worker = new Worker({ ...options, type: provider, takeover: true })
  worker.on('killswitch', ({ reason }) => report({ kind: 'killswitch', reason: reason ?? null }))
  worker.on('error', ({ type, error }) => process.stderr.write(`worker: ${type}: ${shown(String(error))}\n`))
  let stopping: Promise<never> | undefined
  const stop = (): Promise<never> => {
    stopping ??= worker.stop({ graceMs }).then(
      () => process.exit(0),
      () => process.exit(1),
    )
    return stopping
  }
  worker.on('stopped', () => void stop())
  // The terminal sends signals to a whole process group. This process has its own group and is stopped by a message instead.
  process.on('message', () => void stop())
  process.on('SIGTERM', () => void stop())
  // `npm start` ended without a message: the worker stops too.
  process.on('disconnect', () => void stop())
  await worker.start()
  report({ kind: 'ready' })
}

process.once('message', (request: WorkerRequest) => {
  run(request).catch((error: unknown) => {
    report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    process.exitCode = 1
    process.disconnect()
  })
})
