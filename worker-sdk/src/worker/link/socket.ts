/** Responsible for one WebSocket to the server: opened with the token in a header, never in the URL. */
import type { Agent } from 'node:http'
import { WebSocket } from 'ws'
import { tunnelFor } from '../../net/tunnel.ts'

/** The part of a WebSocket that the link uses. */
export interface Socket {
  send(text: string): void
  close(code: number, reason: string): void
  /** Drops the connection without a closing handshake: the other side is not answering. */
  terminate(): void
}
export interface SocketHandlers {
  readonly onOpen: () => void
  readonly onMessage: (text: string) => void
  readonly onClose: (code: number, reason: string) => void
  /** The server answered the upgrade with a status of its own. */
  readonly onRefused: (status: number, body: string) => void
  readonly onError: (error: Error) => void
}
/** Opens a WebSocket; the token travels in a header, never in the URL. */
export type OpenSocket = (url: string, headers: Readonly<Record<string, string>>, handlers: SocketHandlers) => Socket

/** A frame larger than this is not for us: an offer carries a job, whose prompt and input are bounded. */
const maxFrameBytes = 8 * 1024 * 1024
const refusalBytes = 64 * 1024

/** Opens sockets through the proxy that this environment names for their address, if it names one. */
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
      // By now the agent has it back, to keep it for the next request; a program that ends would wait for that.
      connection.destroy()
    })
  })
  return {
    send: (text) => socket.send(text),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  }
}
