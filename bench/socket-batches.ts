/** Responsible for one question: how many jobs a second go through one socket, by batch size, beside a bare object that stores as many rows? */
import { WebSocket } from 'ws'
import type { ServerFrame } from '@modelreins/contract'
import { median } from './measure.ts'
import type { Answer, Figure } from './measure.ts'
import { post, startFloor, startOurs } from './servers.ts'

const batches = [1, 10, 100] as const
const rounds = 3
const jobsFor = (batch: number): number => (batch === 1 ? 2_000 : batch === 10 ? 8_000 : 12_000)

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('open', resolve).once('error', reject)
  })

/** Takes `jobs` jobs through start and complete, `batch` at a time; milliseconds. */
export async function drain(url: string, token: string, jobs: number, batch: number): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/connect`, { headers: { authorization: `Bearer ${token}` } })
  await opened(socket)
  let done = 0
  let ref = 0
  const begun = performance.now()
  await new Promise<void>((resolve, reject) => {
    const starting = new Map<number, { readonly id: number; readonly token: string }>()
    socket.on('message', (data) => {
      const frames: ServerFrame[] = [JSON.parse(String(data))].flat()
      const out: unknown[] = []
      let settled = 0
      for (const frame of frames) {
        if (frame.type === 'offer') {
          ref += 1
          starting.set(ref, { id: frame.job.id, token: frame.lease.token })
          out.push({ type: 'start', ref, token: frame.lease.token })
        } else if (frame.type === 'started') {
          const job = starting.get(frame.ref)
          starting.delete(frame.ref)
          if (job !== undefined) out.push({ type: 'complete', ref: frame.ref, token: job.token, job_id: job.id, result: 'measured' })
        } else if (frame.type === 'settled') settled += 1
        else if (frame.type === 'problem') reject(new Error(JSON.stringify(frame.problem)))
      }
      done += settled
      if (done >= jobs) return resolve()
      if (frames.some((frame) => frame.type === 'settled' || frame.type === 'welcome')) out.push({ type: 'credit', slots: batch })
      if (out.length > 0) socket.send(JSON.stringify(out))
    })
    socket.on('close', (code) => reject(new Error(`closed ${code}`)))
    socket.send(JSON.stringify({ type: 'hello', instance: 'bench', slots: batch }))
  })
  const ms = performance.now() - begun
  socket.removeAllListeners('close')
  socket.close()
  return ms
}

async function floorRate(jobs: number, batch: number): Promise<number> {
  const floor = await startFloor()
  const socket = new WebSocket(floor.url.replace('http', 'ws'))
  await opened(socket)
  const items = JSON.stringify(Array.from({ length: batch }, (_, index) => ({ job_id: index, result: 'measured' })))
  const begun = performance.now()
  await new Promise<void>((resolve) => {
    let left = Math.ceil(jobs / batch)
    socket.on('message', () => (--left > 0 ? socket.send(items) : resolve()))
    socket.send(items)
  })
  const ms = performance.now() - begun
  socket.close()
  await floor.stop()
  return (jobs / ms) * 1000
}

export async function socketBatches(): Promise<Answer> {
  const figures: Figure[] = []
  for (const batch of batches) {
    const ours: number[] = []
    const floor: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const jobs = jobsFor(batch)
      floor.push(await floorRate(jobs, batch))
      const bench = await startOurs()
      const worker = await bench.register('bench')
      await post(`${bench.url}/api/v1/claims`, worker.token, {})
      for (let queued = 0; queued < jobs; queued += 1_000) {
        await post(`${bench.url}/api/v1/dispatch/batch`, bench.ownerKey, {
          jobs: Array.from({ length: Math.min(1_000, jobs - queued) }, () => ({ prompt: 'Measure this job' })),
        })
      }
      ours.push((jobs / (await drain(bench.url, worker.token, jobs, batch))) * 1000)
      await bench.stop()
    }
    const ratios = ours.map((value, index) => value / (floor[index] ?? Number.NaN))
    figures.push(
      { what: `floor, batches of ${batch}: 2 updates and 2 inserts per job`, value: median(floor), unit: 'jobs/s', raw: floor },
      { what: `jobs started and completed, batches of ${batch}`, value: median(ours), unit: 'jobs/s', raw: ours },
      { what: `against the floor, batches of ${batch}`, value: median(ratios), unit: 'x', raw: ratios },
    )
  }
  return { question: `How many jobs a second go through one socket (audit on, ${rounds} rounds)?`, figures }
}
