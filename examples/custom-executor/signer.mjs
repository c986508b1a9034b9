#!/usr/bin/env node
/**
 * Responsible for a worker that runs jobs with code of its own, no provider: it signs each line of the prompt with a key that never leaves
 * this machine. It knows no loop, no heartbeat and no retry: those are the Worker's.
 *
 * Server and token come from MODELREINS_URL and MODELREINS_TOKEN or the config file, the key from SIGNING_KEY; PAUSE_MS is how long one signature takes.
 */
import { createHmac } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'modelreins-worker'

const pauseMs = Number(process.env.PAUSE_MS ?? 200)
const dollarsPerSignature = 0.001

async function sign(job, ctx) {
  const key = await ctx.secret('vault://env/SIGNING_KEY')
  // A careless line: since ctx.secret gave the key out, no output, result or error carries it away.
  await ctx.output(`signing with ${key}\n`, 'stderr')
  const lines = job.prompt.split('\n').filter((line) => line.trim() !== '')
  for (const [index, line] of lines.entries()) {
    // Abort, killswitch, timeout and a lost lease end the wait by throwing; nothing more is signed then.
    await pause(pauseMs, undefined, { signal: ctx.signal })
    const signature = createHmac('sha256', key).update(line).digest('hex')
    await ctx.output(`${index + 1}/${lines.length} ${signature} ${line}\n`)
    // Adds up, so that a job that is stopped in the middle has cost what it has cost.
    ctx.usage({ cost_usd: dollarsPerSignature })
  }
  return `${lines.length} lines signed in attempt ${ctx.attempt}`
}

// Of this machine's variables a job may have this one, and no other.
const worker = new Worker({ name: 'signer', executor: sign, allowSecret: 'SIGNING_KEY' })

worker.on('ready', ({ name }) => console.log(`${name} is ready`))
worker.on('job:done', ({ id }) => console.log(`job ${id} done`))
worker.on('job:error', ({ id, error }) => console.error(`job ${id} failed: ${error}`))
worker.on('error', ({ type, error }) => console.error(`${type}: ${error}`))

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => worker.stop())
await worker.start().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
