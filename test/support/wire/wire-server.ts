/** Responsible for a real HTTP server on its own port that records requests; the test defines the answers. */
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { text } from 'node:stream/consumers'

export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The body as JSON, or undefined. */
  readonly json: Record<string, unknown> | undefined
}

export type WireHandler = (request: WireRequest, response: ServerResponse) => Promise<void> | void

export interface WireServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly host: string
  readonly requests: readonly WireRequest[]
  /** Resolves when the client of an open request has disconnected. */
  readonly clientGone: Promise<void>
  close(): Promise<void>
}

const parse = (body: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

const readRequest = async (message: IncomingMessage): Promise<WireRequest> => {
  const body = await text(message)
  return { method: message.method ?? '', path: message.url ?? '', headers: message.headers, body, json: parse(body) }
}

export const startWireServer = async (handler: WireHandler): Promise<WireServer> => {
  const requests: WireRequest[] = []
  let tellGone = (): void => undefined
  const clientGone = new Promise<void>((resolve) => {
    tellGone = resolve
  })
  const server = createServer(async (message, response) => {
    const request = await readRequest(message)
    requests.push(request)
    response.once('close', () => {
      if (!response.writableEnded) tellGone()
    })
    await handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    requests,
    clientGone,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

export const sendJson = (response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(value))
}

/** Writes each piece as a separate chunk, so that a reader encounters every boundary. */
export const sendPieces = async (response: ServerResponse, contentType: string, pieces: readonly string[], end = true): Promise<void> => {
  response.writeHead(200, { 'content-type': contentType })
  for (const piece of pieces) {
    await new Promise<void>((resolve) => response.write(piece, () => resolve()))
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (end) response.end()
}
