/**
 * Responsible for a worker in a process of its own that takes a job and never ends it, so that it can be killed in the middle.
 * MODELREINS_URL, MODELREINS_TOKEN and MODELREINS_TRANSPORT say where and how; it prints `ready`, and `holds ID` for each job.
 */
import { Worker } from '../../worker-sdk/src/index.ts'

const worker = new Worker({
  executor: (job) => {
    console.log(`holds ${job.id}`)
    return new Promise(() => undefined)
  },
})
worker.on('ready', () => console.log('ready'))
await worker.start()
