/**
 * Responsible for blocking the helper port that the embedded runtime's library opens beside the server. We use nothing of it, and through it any
 * program on this machine could write logs, store files and end the process.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Node publishes this event for every server in this process, after its port is bound and before its first connection. */
const listening = 'tracing:net.server.listen:asyncStart'

/** The port stays bound, so that no other program can receive what the runtime would send there; connections are closed before a byte is read. */
function hearNobody(message: unknown): void {
  const server = typeof message === 'object' && message !== null && 'server' in message ? message.server : undefined
  if (!(server instanceof Server)) return
  server.removeAllListeners('connection').on('connection', (socket: Socket) => socket.destroy())
}

/** Runs `work`. Every HTTP server that this process opens meanwhile accepts no connections, also afterwards. */
export async function withClosedHelperPort<Value>(work: () => Promise<Value>): Promise<Value> {
  subscribe(listening, hearNobody)
  try {
    return await work()
  } finally {
    unsubscribe(listening, hearNobody)
  }
}
