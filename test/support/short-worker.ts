/**
 * Responsible for a worker process with one slot. Its jobs end at once, except those whose prompt begins with `long`: they end on the message `end`, or
 * when they are stopped. It reports each handler that begins; with the prompt `long, then stop` the worker stops when that handler begins.
 */
import { Worker } from '../../worker-sdk/src/index.ts'

export type Told = { readonly word: 'ready' | 'stopped' } | { readonly word: 'begins'; readonly id: number; readonly prompt: string }

const tell = (told: Told): void => void process.send?.(told)
let end: () => void = () => undefined
process.on('message', () => end())

const worker = new Worker({
  slots: 1,
  graceMs: 60_000,
  executor: async (job, ctx) => {
    tell({ word: 'begins', id: job.id, prompt: job.prompt })
    if (!job.prompt.startsWith('long')) return 'short'
    if (job.prompt.endsWith('stop')) void worker.stop()
    await new Promise<void>((resolve) => {
      end = resolve
      ctx.signal.addEventListener('abort', () => resolve())
    })
    return 'long'
  },
})
worker.on('ready', () => tell({ word: 'ready' }))
worker.on('stopped', () => {
  tell({ word: 'stopped' })
  process.disconnect()
})
await worker.start()
