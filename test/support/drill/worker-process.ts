/**
 * Responsible for one process of a drill's fleet: real SDK workers over sockets, each with the same shell line. It receives its configuration over
 * its channel.
 */
import { Worker } from '../../../worker-sdk/src/index.ts'

/** The first message of the fleet. Tokens must not be in argv. */
export interface Orders {
  readonly url: string
  readonly command: string
  readonly workers: readonly { readonly name: string; readonly token: string }[]
}

export type Word =
  | { readonly word: 'ready'; readonly name: string }
  | { readonly word: 'killswitch'; readonly name: string; readonly reason: unknown }
  | { readonly word: 'stopped'; readonly name: string }
  | { readonly word: 'trouble'; readonly name: string; readonly error: string }

const say = (word: Word): void => void process.send?.(word)

async function serve({ url, command }: Orders, name: string, token: string): Promise<void> {
  const worker = new Worker({ url, token, name, type: 'spawn', command, transport: 'socket' })
  worker.on('killswitch', ({ reason }) => say({ word: 'killswitch', name, reason }))
  worker.on('error', ({ type, error }) => say({ word: 'trouble', name, error: `${type}: ${String(error)}` }))
  const stopped = new Promise<void>((resolve) => {
    worker.on('stopped', () => resolve())
  })
  await worker.start()
  say({ word: 'ready', name })
  await stopped
  say({ word: 'stopped', name })
}

process.once('message', (orders: Orders) => {
  // A stopped worker holds no open handles, so the process ends by itself, as a user's program does.
  void Promise.all(orders.workers.map(({ name, token }) => serve(orders, name, token))).then(() => process.disconnect())
})
// The fleet's process is gone, so this process ends too.
process.once('disconnect', () => setTimeout(() => process.exit(1), 5_000).unref())
