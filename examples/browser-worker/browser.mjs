#!/usr/bin/env node
/**
 * Responsible for a worker that runs each job in a headless Chromium of its own. What to click and read comes with the job, as JSON
 * (job.json is one); this program knows no page.
 *
 * Server and token come from MODELREINS_URL and MODELREINS_TOKEN or the config file. MODELREINS_CHROMIUM names a browser, MODELREINS_ALLOW_HOSTS
 * the hosts of your own network that it may reach.
 */
import { Worker } from 'modelreins-worker'

// A browser takes memory: one job at a time.
const worker = new Worker({ name: 'browser', type: 'playwright', slots: 1 })

worker.on('ready', ({ name }) => console.log(`${name} is ready`))
worker.on('output', ({ jobId, content }) => process.stdout.write(`job ${jobId}: ${content}`))
worker.on('job:done', ({ id }) => console.log(`job ${id} done`))
worker.on('job:error', ({ id, error }) => console.error(`job ${id} failed: ${error}`))
worker.on('error', ({ type, error }) => console.error(`${type}: ${error}`))

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => worker.stop())
await worker.start().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
