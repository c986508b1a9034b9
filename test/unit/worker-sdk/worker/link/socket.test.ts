/** Says what becomes of a connection whose upgrade the server refuses, against a real HTTP server. */
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { socketThrough } from '../../../../../worker-sdk/src/worker/link/socket.ts'

it('tells a refusal with its body, and lets go of the connection that the server would keep open', async () => {
  const server = createServer((_request, response) => void response.end('unused'))
  server.keepAliveTimeout = 60_000
  const closed = new Promise<void>((resolve) => {
    server.on('connection', (socket: Socket) => socket.once('close', () => resolve()))
  })
  server.on('upgrade', (_request, socket) => {
    socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno')
    // Reads on, and closes when the other side has: never by itself.
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end())
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  try {
    const refused = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      socketThrough({})(
        `ws://127.0.0.1:${port}/`,
        {},
        {
          onOpen: () => reject(new Error('it opened')),
          onMessage: () => undefined,
          onClose: () => undefined,
          onRefused: (status, body) => resolve({ status, body }),
          onError: reject,
        },
      )
    })
    expect(refused).toEqual({ status: 401, body: 'no' })
    await closed
  } finally {
    server.closeAllConnections()
    server.close()
  }
}, 10_000)
