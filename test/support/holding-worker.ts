/**
 * Responsible for a worker process that takes a job and never ends it, so that it can be killed while the job runs. MODELREINS_URL, MODELREINS_TOKEN
 * and MODELREINS_TRANSPORT configure it; it prints `ready`, and `holds ID` for each job.
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
