/** Responsible for one question: does a claim cost more when a million jobs wait than when a thousand do? */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Offer } from '@modelreins/contract'
import { median, timed } from './measure.ts'
import type { Answer } from './measure.ts'
import { post, startOurs } from './servers.ts'

const depths = [1_000, 1_000_000] as const
const claims = 300

/** The file that holds the tenant's object: the only one with jobs in it. */
function tenantFile(folder: string): DatabaseSync {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.sqlite')) continue
    const database = new DatabaseSync(join(entry.parentPath, entry.name))
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'jobs' AND sql LIKE '%pool%'").get() !== undefined) return database
    database.close()
  }
  throw new Error('No object has jobs')
}

/** Copies job 1 in the stopped object's own file: dispatching a million jobs would measure something else. */
function fill(folder: string, count: number): void {
  const database = tenantFile(folder)
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('jobs')")
    .all()
    .map((row) => String(row['name']))
    .filter((name) => name !== 'id' && name !== 'rank')
  database.exec(
    `WITH RECURSIVE n(id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < ${count})
     INSERT INTO jobs (id, rank, ${columns.join(', ')})
     SELECT n.id, jobs.rank + n.id, ${columns.map((name) => `jobs.${name}`).join(', ')} FROM n JOIN jobs ON jobs.id = 1`,
  )
  database.close()
}

async function claimTimes(depth: number): Promise<number[]> {
  const bench = await startOurs()
  const { token } = await bench.register('bench')
  await post(`${bench.url}/api/v1/claims`, token, {})
  await post(`${bench.url}/api/v1/dispatch`, bench.ownerKey, { prompt: 'Wait in a long queue' })
  const url = await bench.restartAfter((folder) => fill(folder, depth))
  const times: number[] = []
  for (let index = 0; index < claims + 30; index += 1) {
    const ms = await timed(async () => {
      const { offers } = await post<{ offers: Offer[] }>(`${url}/api/v1/claims`, token, { max: 1 })
      await post(`${url}/api/v1/claims/${offers[0]?.job.id}/start`, offers[0]?.lease.token ?? '', {})
    })
    if (index >= 30) times.push(ms)
  }
  await bench.stop()
  return times
}

export async function deepQueue(): Promise<Answer> {
  const raw = new Map<number, number[]>()
  for (const depth of depths) raw.set(depth, await claimTimes(depth))
  const [shallow = Number.NaN, deep = Number.NaN] = depths.map((depth) => median(raw.get(depth) ?? []))
  return {
    question: `How long does a claim (poll and start) take by the depth of the queue (${claims} claims)?`,
    figures: [
      ...depths.map((depth) => ({
        what: `${depth.toLocaleString('en')} jobs waiting`,
        value: median(raw.get(depth) ?? []),
        unit: 'ms',
        raw: raw.get(depth) ?? [],
      })),
      { what: 'deep against shallow', value: deep / shallow, unit: 'x', raw: [], target: '<= 1.2' },
    ],
  }
}
