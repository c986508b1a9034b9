/** Responsible for a server that knows one-time views, whose tokens these are, and that it is well: enough for setup and `config set token`. */
import { createCipheriv, randomBytes } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const workerToken = 'mrw_acme_abcdefgh12_abcdefghijklmnopqrstuvwx_abcdefghijklmnopqrstuvwx'
export const memberKey = 'mrk_acme_hgfedcba21_abcdefghijklmnopqrstuvwx_abcdefghijklmnopqrstuvwx'

export class ViewServer {
  url = ''
  readonly calls: string[] = []
  readonly registered: string[] = []
  readonly #views = new Map<string, { iv: string; ciphertext: string }>()
  readonly #server: Server = createServer((request, response) => {
    const path = request.url ?? ''
    this.calls.push(`${request.method} ${path}`)
    let body = ''
    request.on('data', (part) => (body += String(part)))
    request.on('end', () => this.#answer(path, String(request.headers.authorization ?? '').replace('Bearer ', ''), body, response))
  })

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => void this.#server.close(() => resolve()))
  }

  /** A view URL that hides this token; `origin` is how the server believes to be reached. */
  seal(token: string, name: string | null, origin = this.url): string {
    const key = randomBytes(32)
    const iv = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, iv)
    const plain = JSON.stringify({ token, kind: token.startsWith('mrk_') ? 'member' : 'worker', tenant: 'acme', name })
    const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    const id = `vw4acme${randomBytes(30).toString('hex')}`
    this.#views.set(id, { iv: iv.toString('base64url'), ciphertext: ciphertext.toString('base64url') })
    return `${origin}/view/${id}#${key.toString('base64url')}`
  }

  #answer(path: string, token: string, body: string, response: ServerResponse): void {
    const reply = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    const view = /^\/api\/v1\/views\/(\w+)\/reveal$/.exec(path)?.[1]
    if (path === '/api/v1/health') return reply(200, { status: 'ok', version: '9.9.9', time: new Date().toISOString(), checks: {} })
    if (view !== undefined) {
      const sealed = this.#views.get(view)
      this.#views.delete(view)
      return sealed === undefined
        ? reply(410, { code: 'gone', title: 'Gone', status: 410, detail: 'It was revealed already.' })
        : reply(200, sealed)
    }
    if (token !== workerToken && token !== memberKey)
      return reply(401, { code: 'unauthorized', title: 'Authentication required', status: 401 })
    if (path === '/api/v1/whoami') {
      const member = token === memberKey
      return reply(200, {
        tenant: 'acme',
        kind: member ? 'member' : 'worker',
        id: member ? 'mbaaaaaaaaaa' : 'wkaaaaaaaaaa',
        name: member ? 'ada' : 'triager',
        role: member ? 'operator' : null,
        server_time: new Date().toISOString(),
      })
    }
    if (path === '/api/v1/workers/register') {
      const { name } = JSON.parse(body) as { name: string }
      if (name === 'taken')
        return reply(409, { code: 'name-taken', title: 'The name is taken', status: 409, detail: 'A worker named taken exists.' })
      this.registered.push(name)
      return reply(201, {
        worker_id: 'wkaaaaaaaaaa',
        name,
        kind: 'silicon',
        capabilities: [],
        view_url: this.seal(workerToken, name),
        expires_at: '2030-01-01T00:00:00Z',
      })
    }
    return reply(404, { code: 'not-found', title: 'Not found', status: 404 })
  }
}
