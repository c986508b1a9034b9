#!/usr/bin/env node
/**
 * Responsible for a worker that publishes a text only after a human has released exactly that text. Publishing is writing a file here;
 * it knows neither who may approve nor how: the server does, by the capability's risk tier.
 *
 * Server and token come from MODELREINS_URL and MODELREINS_TOKEN or the config file; PUBLISH_DIR is where published texts go.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Worker } from 'modelreins-worker'

const folder = process.env.PUBLISH_DIR ?? 'published'

async function publish(job, ctx) {
  const draft = { file: `job-${job.id}.md`, text: job.prompt }
  await ctx.output('waiting for a human to release this text\n')
  // Returns when it may happen, however long the human thinks; throws ActionRefused with the reviewer's words when it may not.
  const { action, comment } = await ctx.authorize('publish', draft, { title: `Publish ${draft.file}`, irreversible: true })
  if (comment !== null) await ctx.output(`the reviewer says: ${comment}\n`)
  // From here on only `action` counts: a reviewer may have edited it. The draft is no longer looked at.
  if (typeof action?.text !== 'string' || typeof action.file !== 'string' || basename(action.file) !== action.file)
    throw new Error('what was approved is not a text with the name of a file')
  await mkdir(folder, { recursive: true })
  const path = join(folder, action.file)
  // `wx`: never over something that is out already.
  await writeFile(path, action.text, { flag: 'wx' })
  return `published ${action.file}`
}

const worker = new Worker({ name: 'publisher', executor: publish })

worker.on('ready', ({ name }) => console.log(`${name} is ready`))
worker.on('job:done', ({ id }) => console.log(`job ${id} done`))
worker.on('job:error', ({ id, error }) => console.error(`job ${id} failed: ${error}`))
worker.on('error', ({ type, error }) => console.error(`${type}: ${error}`))

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => worker.stop())
await worker.start().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
