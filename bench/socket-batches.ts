/** Responsible for jobs through one socket as bare frames, in batches, and for the same over a bare object that stores as many rows. */
import { WebSocket } from 'ws'
import type { Offer, ServerFrame } from '@modelreins/contract'
import { startFloor } from './servers.ts'

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once('open', resolve).once('error', reject)
  })

/** What the server lets one worker be offered at once. */
const mostCredit = 100

/**
 * Takes `jobs` jobs through start and complete, `batch` at a time; milliseconds. As the SDK does it while jobs are short: offers are taken ahead, so
 * that starts travel with the completions before them, and credit travels with both.
 */
export async function drain(url: string, token: string, jobs: number, batch: number): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/connect`, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  })
  await opened(socket)
  let done = 0
  let ref = 0
  const begun = performance.now()
  await new Promise<void>((resolve, reject) => {
    const running = new Map<number, Offer>()
    const ahead: Offer[] = []
    /** Credit as the server counts it: less by one with each offer. */
    let believed = 0
    socket.on('message', (data) => {
      const frames: ServerFrame[] = [JSON.parse(String(data))].flat()
      const out: unknown[] = []
      for (const frame of frames) {
        if (frame.type === 'offer') {
          ahead.push(frame)
          believed -= 1
        } else if (frame.type === 'started') {
          const offer = running.get(frame.ref)
          running.delete(frame.ref)
          if (offer !== undefined)
            out.push({ type: 'complete', ref: frame.ref, token: offer.lease.token, job_id: offer.job.id, result: 'measured' })
        } else if (frame.type === 'settled') done += 1
        else if (frame.type === 'problem') reject(new Error(JSON.stringify(frame.problem)))
      }
      if (done >= jobs) return resolve()
      for (const offer of ahead.splice(0, batch - running.size)) {
        ref += 1
        running.set(ref, offer)
        out.push({ type: 'start', ref, token: offer.lease.token })
      }
      const slots = Math.min(mostCredit, batch - running.size + batch - ahead.length)
      if (slots !== believed) out.push({ type: 'credit', slots })
      believed = slots
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
  const socket = new WebSocket(floor.url.replace('http', 'ws'), { perMessageDeflate: false })
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
