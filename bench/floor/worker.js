/** Responsible for the floor: the least that a durable call can cost. An empty object that stores one row per call, or per item of a socket batch. */
import { DurableObject } from 'cloudflare:workers'

export class FloorObject extends DurableObject {
  constructor(state, env) {
    super(state, env)
    this.sql = state.storage.sql
    this.sql.exec('CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, body TEXT)')
    this.sql.exec('CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY, body TEXT)')
  }
  insert(body) {
    this.sql.exec('INSERT INTO rows (body) VALUES (?)', body)
    return { ok: true }
  }
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }
  /** A job's share of a batch: two updates of one row and two audit rows, as start and complete cost us. */
  webSocketMessage(socket, text) {
    const items = JSON.parse(text)
    this.ctx.storage.transactionSync(() => {
      for (const item of items) {
        this.sql.exec('INSERT INTO rows (body) VALUES (?)', JSON.stringify(item))
        this.sql.exec('UPDATE rows SET body = ? WHERE id = last_insert_rowid()', JSON.stringify(item))
        this.sql.exec('INSERT INTO audit (body) VALUES (?)', JSON.stringify(item))
        this.sql.exec('INSERT INTO audit (body) VALUES (?)', JSON.stringify(item))
      }
    })
    socket.send(JSON.stringify(items.map(() => ({ ok: true }))))
  }
}

export default {
  async fetch(request, env) {
    const stub = env.FLOOR.get(env.FLOOR.idFromName('floor'))
    if (request.headers.get('upgrade') === 'websocket') return stub.fetch(request)
    const body = await request.text()
    return Response.json(await stub.insert(body))
  },
}
