/**
 * Responsible for a worker in a process of its own with one slot, whose jobs take no time unless their prompt says `long`: those end when it is told
 * `end`, or when they are stopped. It tells its parent of each handler that begins; with the prompt `long, then stop` it stops as that one begins.
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
