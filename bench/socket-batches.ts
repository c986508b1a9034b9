/** Responsible for jobs over one socket as bare frames in batches, and for the same load on a bare object that stores as many rows. */
import type { Offer, ServerFrame } from '@modelreins/contract'
import { startFloor } from './servers.ts'
import type { FloorOptions } from './servers.ts'
import { connectWorker, openSocket } from './sockets.ts'

/** The most credit that the server accepts from one worker. */
const mostCredit = 100

/**
 * Takes `jobs` jobs through start and complete, `batch` at a time; returns the milliseconds. Works as the SDK does for short jobs: offers are
 * requested ahead, starts are sent together with the completions of earlier jobs, and credit with both.
 */
export async function drain(url: string, token: string, jobs: number, batch: number): Promise<number> {
  const socket = await connectWorker(url, token)
  let done = 0
  let ref = 0
  const begun = performance.now()
  await new Promise<void>((resolve, reject) => {
    const running = new Map<number, Offer>()
    const ahead: Offer[] = []
    let started = 0
    /** The credit as the server counts it: one less with each offer. */
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
      // No more than the requested number is started: an attempt whose worker leaves costs more than the rest of its job.
      for (const offer of ahead.splice(0, Math.min(batch - running.size, jobs - started))) {
        started += 1
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

/** Jobs a second of the bare object. With `copies`, the measured time ends when D1 has all rows. */
export async function floorRate(jobs: number, batch: number, options: Pick<FloorOptions, 'copies'> = {}): Promise<number> {
  const floor = await startFloor(options)
  const socket = await openSocket(floor.url)
  const items = JSON.stringify(Array.from({ length: batch }, (_, index) => ({ job_id: index, result: 'measured' })))
  let answered: (text: string) => void = () => undefined
  let failed: (error: Error) => void = () => undefined
  socket.on('message', (data) => answered(String(data))).on('close', (code) => failed(new Error(`closed ${code}`)))
  const answer = (sent: string): Promise<string> =>
    new Promise((resolve, reject) => {
      answered = resolve
      failed = reject
      socket.send(sent)
    })
  const begun = performance.now()
  const batches = Math.ceil(jobs / batch)
  for (let sent = 0; sent < batches; sent += 1) await answer(items)
  const copied = options.copies === true ? Number(await answer('flush')) : undefined
  const ms = performance.now() - begun
  if (copied !== undefined && copied !== 2 * batches * batch) throw new Error(`${copied} audit rows of ${batches * batch} jobs are in D1`)
  socket.removeAllListeners('close')
  socket.close()
  await floor.stop()
  return (jobs / ms) * 1000
}
