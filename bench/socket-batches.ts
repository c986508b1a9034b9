/** Responsible for jobs through one socket as bare frames, in batches, and for the same over a bare object that stores as many rows. */
import { WebSocket } from 'ws'
import type { ServerFrame } from '@modelreins/contract'
import { startFloor } from './servers.ts'

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

/** Jobs a second. */
export async function floorRate(jobs: number, batch: number): Promise<number> {
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
