/** Responsible for one WebSocket to the server: opened with the token in a header, never in the URL. */
import type { Agent } from 'node:http'
import { WebSocket } from 'ws'
import { tunnelFor } from '../../net/tunnel.ts'

/** The part of a WebSocket that the link uses. */
export interface Socket {
  send(text: string): void
  close(code: number, reason: string): void
  /** Drops the connection without a closing handshake, because the other side does not answer. */
  terminate(): void
}
export interface SocketHandlers {
  readonly onOpen: () => void
  readonly onMessage: (text: string) => void
  readonly onClose: (code: number, reason: string) => void
  /** Called when the server answered the upgrade with another status. */
  readonly onRefused: (status: number, body: string) => void
  readonly onError: (error: Error) => void
}
/** Opens a WebSocket. The token is sent in a header, never in the URL. */
export type OpenSocket = (url: string, headers: Readonly<Record<string, string>>, handlers: SocketHandlers) => Socket

/** The largest accepted frame: an offer contains a job, whose prompt and input are limited. */
const maxFrameBytes = 8 * 1024 * 1024
const refusalBytes = 64 * 1024

/** Opens sockets through the proxy that this environment names for their address, if any. */
export const socketThrough =
  (env: Readonly<Record<string, string | undefined>>): OpenSocket =>
  (url, headers, handlers) =>
    open(url, headers, handlers, tunnelFor(url, env))

const open = (...[url, headers, handlers, agent]: [...Parameters<OpenSocket>, Agent | undefined]): Socket => {
  const socket = new WebSocket(url, {
    headers: { ...headers },
    ...(agent === undefined ? {} : { agent }),
    perMessageDeflate: false,
    maxPayload: maxFrameBytes,
    followRedirects: false,
  })
  socket.on('open', handlers.onOpen)
  socket.on('message', (data, isBinary) => {
    if (!isBinary) handlers.onMessage(String(data))
  })
  socket.on('close', (code, reason) => handlers.onClose(code, reason.toString('utf8')))
  socket.on('error', handlers.onError)
  socket.on('unexpected-response', (request, response) => {
    let body = ''
    const connection = response.socket
    response.setEncoding('utf8')
    response.on('data', (part: string) => {
      if (body.length < refusalBytes) body += part
    })
    response.on('error', () => undefined)
    response.on('close', () => {
      handlers.onRefused(response.statusCode ?? 0, body)
      request.destroy()
      // The agent has the connection back by now and would keep it for the next request, which would keep the program alive.
      connection.destroy()
    })
  })
  return {
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  }
}
