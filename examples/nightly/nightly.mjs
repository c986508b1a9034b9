#!/usr/bin/env node
/**
 * Responsible for a nightly job kept by a program: it makes the schedule when there is none of this name, changes it when it differs, and
 * says what became of the last due times. Run it as often as you like.
 *
 *   node examples/nightly/nightly.mjs "Report on README.md"
 */
import { Client } from 'modelreins-worker'

const name = 'nightly report'
const prompt = process.argv[2] ?? 'Report on README.md'
const rule = { cron: process.env.NIGHTLY_CRON ?? '0 3 * * *', timezone: process.env.TZ ?? 'UTC', overlap: 'skip', catch_up: 'last' }
const job = { prompt, effort: 'quick', when_offline: 'queue', concurrency: { key: name } }

async function main() {
  const { MODELREINS_URL: url, MODELREINS_ADMIN_TOKEN: token } = process.env
  if (!url || !token) throw new Error('Set MODELREINS_URL and MODELREINS_ADMIN_TOKEN')
  const client = new Client({ url, token })
  const { items } = await client.schedules.list({ limit: 200 })
  const known = items.find((schedule) => schedule.name === name)
  const same = known && known.job.prompt === prompt && known.cron === rule.cron && known.timezone === rule.timezone
  const schedule = !known
    ? await client.schedules.create({ name, ...rule, job })
    : same
      ? known
      : await client.schedules.update({ schedule_id: known.schedule_id, ...rule, job })
  console.log(
    `${schedule.schedule_id} ${known ? (same ? 'is as it was' : 'was changed') : 'was made'}, due next at ${schedule.next_runs[0]}`,
  )
  for (const run of schedule.last_runs) console.log(`${run.due_at ?? run.at}: ${run.outcome}${run.job_id ? ` job ${run.job_id}` : ''}`)
}

main().catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
