/** Responsible for opening a WebSocket as the SDK does: without compression, which costs both ends 300 KiB. */
import { WebSocket } from 'ws'

/** `url`: of HTTP or WebSocket. */
export async function openSocket(url: string, token?: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), {
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    perMessageDeflate: false,
    // Profiles are large.
    maxPayload: 0,
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve).once('error', reject)
  })
  return socket
}

/** The socket over which a worker of ours is connected. */
export const connectWorker = (serverUrl: string, token: string): Promise<WebSocket> => openSocket(`${serverUrl}/api/v1/connect`, token)
