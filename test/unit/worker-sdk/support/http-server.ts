/** Responsible for a real HTTP server whose every answer the test decides. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
export type Handler = (request: Request, response: ServerResponse, count: number) => void

export interface HttpServer {
  readonly url: string
  readonly requests: Request[]
  handle: Handler
  close(): Promise<void>
}

export async function httpServer(): Promise<HttpServer> {
  const requests: Request[] = []
  const state: { handle: Handler } = { handle: (_, response) => response.end('{}') }
  const server = createServer((incoming, response) => {
    let body = ''
    incoming.setEncoding('utf8')
    incoming.on('data', (part: string) => {
      body += part
    })
    incoming.on('end', () => {
      const request = { method: incoming.method ?? '', path: incoming.url ?? '', headers: incoming.headers, body }
      requests.push(request)
      state.handle(request, response, requests.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  })
}
