/**
 * Responsible for the helper port that the embedded runtime's library opens beside the server: nobody may talk to it. Nothing that we use
 * of the runtime needs an answer from there; on it, anybody on this machine could write logs, store files and end the process.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Told by Node of every server in this process, after its port is reserved for it and before it hears of a first connection. */
const listening = 'tracing:net.server.listen:asyncStart'

/** The port stays taken, so that no other program hears what the runtime would send there; who connects is cut off before a byte is read. */
function hearNobody(message: unknown): void {
  const server = typeof message === 'object' && message !== null && 'server' in message ? message.server : undefined
  if (!(server instanceof Server)) return
  server.removeAllListeners('connection').on('connection', (socket: Socket) => socket.destroy())
}

/** Runs `work`; every HTTP server that this process opens meanwhile hears nobody, then and later. */
export async function withClosedHelperPort<Value>(work: () => Promise<Value>): Promise<Value> {
  subscribe(listening, hearNobody)
  try {
    return await work()
  } finally {
    unsubscribe(listening, hearNobody)
  }
}
