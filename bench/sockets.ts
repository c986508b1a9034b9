/** Responsible for opening WebSockets as the SDK does: without compression, which takes 300 KiB of memory at each end. */
import { WebSocket } from 'ws'

/** `url`: http:// or ws://. */
export async function openSocket(url: string, token?: string): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'), {
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    perMessageDeflate: false,
    // No limit: profiles are large messages.
    maxPayload: 0,
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve).once('error', reject)
  })
  return socket
}

/** Connects a worker to our server. */
export const connectWorker = (serverUrl: string, token: string): Promise<WebSocket> => openSocket(`${serverUrl}/api/v1/connect`, token)
