/** Responsible for one question: does a claim cost more when a million jobs wait than when a thousand do? */
import type { Offer } from '@modelreins/contract'
import { median, timed } from './measure.ts'
import type { Answer } from './measure.ts'
import { post, startOurs } from './servers.ts'
import type { Bench } from './servers.ts'

const depths = [1_000, 1_000_000] as const
const claims = 300

/** Copies job 1 in the object's own storage: dispatching a million jobs would measure something else. */
async function fill(bench: Bench, count: number): Promise<void> {
  const storage = await bench.plane.runtime.unsafeGetDurableObjectStorage('modelreins', 'TenantObject', { name: 'bench' })
  const [job] = await storage.exec('SELECT * FROM jobs WHERE id = 1')
  if (job === undefined) throw new Error('There is no job to copy')
  const columns = Object.keys(job).filter((name) => name !== 'id' && name !== 'rank')
  for (let from = 2; from <= count; from += 100_000) {
    const to = Math.min(count, from + 99_999)
    await storage.exec(
      `WITH RECURSIVE n(id) AS (SELECT ${from} UNION ALL SELECT id + 1 FROM n WHERE id < ${to})
       INSERT INTO jobs (id, rank, ${columns.join(', ')}) SELECT n.id, jobs.rank + n.id, ${columns.map((name) => `jobs.${name}`).join(', ')} FROM n JOIN jobs ON jobs.id = 1`,
    )
  }
}

async function claimTimes(depth: number): Promise<number[]> {
  const bench = await startOurs()
  const { token } = await bench.register('bench')
  await post(`${bench.url}/api/v1/claims`, token, {})
  await post(`${bench.url}/api/v1/dispatch`, bench.ownerKey, { prompt: 'Wait in a long queue', expires_in: 86_400 })
  await fill(bench, depth)
  const times: number[] = []
  for (let index = 0; index < claims + 30; index += 1) {
    const ms = await timed(async () => {
      const { offers } = await post<{ offers: Offer[] }>(`${bench.url}/api/v1/claims`, token, { max: 1 })
      await post(`${bench.url}/api/v1/claims/${offers[0]?.job.id}/start`, offers[0]?.lease.token ?? '', {})
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
