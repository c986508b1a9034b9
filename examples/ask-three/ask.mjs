#!/usr/bin/env node
/**
 * Responsible for asking three workers at once and taking the answer that most of them give: a fan-out, counted by one field of their JSON.
 *
 *   node examples/ask-three/ask.mjs "You are a WINNER!!!"
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from 'modelreins-worker'

const text = process.argv[2] ?? 'You are a WINNER!!!'

async function main() {
  const { MODELREINS_URL: url, MODELREINS_ADMIN_TOKEN: token } = process.env
  if (!url || !token) throw new Error('Set MODELREINS_URL and MODELREINS_ADMIN_TOKEN')
  const client = new Client({ url, token })
  const asked = await client.jobs.dispatch({
    prompt: 'Is this text spam? Answer in JSON.',
    input: { text },
    targets: ['anna', 'bert', 'cleo'],
    merge: { by: 'vote', vote_field: 'verdict', deadline: 60 },
    when_offline: 'queue',
  })
  let job = asked
  while (job.status !== 'done' && job.status !== 'failed') {
    await pause(200)
    job = await client.jobs.get({ job_id: asked.id })
  }
  if (job.status === 'failed') throw new Error(job.error.message)
  for (const { answer, count, workers } of job.merge.counts) console.log(`${count} say ${answer}: ${workers.join(', ')}`)
  console.log(job.result)
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
