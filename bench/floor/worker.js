/**
 * Responsible for the floor: the least that a durable job can cost. A bare object does what must be done for one job life (a bearer checked by
 * its MAC, the body parsed, a job row and its place in the queue, a chained audit row per change, an answer once the writes are durable) and
 * nothing else: no rules, no schemas, no leases, no copy. Rows and answers have the bytes of ours. With the binding SHARE_COMMITS, calls that arrive
 * within a millisecond share one commit, as ours do. With the binding REGISTRY, jobs of the socket are copied to D1.
 */
import { createHash } from 'node:crypto'
import { DurableObject } from 'cloudflare:workers'
import { Copy } from './copy.js'

/** Fillers for the sizes of our data in bytes: a job row has 690, an audit row 590, an answer with a job 800 to 1,050. */
const spec = 's'.repeat(430)
const facts = 'f'.repeat(330)
const rest = 'r'.repeat(150)

export class FloorObject extends DurableObject {
  constructor(state, env) {
    super(state, env)
    this.sql = state.storage.sql
    this.sql.exec('CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, body TEXT)')
    this.sql.exec(
      'CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, status TEXT, pool INTEGER, rank INTEGER, attempt INTEGER, created_at INTEGER, started_at INTEGER, ended_at INTEGER, spec TEXT, outcome TEXT)',
    )
    this.sql.exec('CREATE INDEX IF NOT EXISTS jobs_place ON jobs (pool, rank) WHERE pool IS NOT NULL')
    this.sql.exec(
      'CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, at INTEGER, action TEXT, facts TEXT, prev_hash TEXT, hash TEXT)',
    )
    this.hash = '0'.repeat(64)
    this.offered = 0
    this.ended = 0
    this.copy = env.REGISTRY === undefined ? undefined : new Copy(env.REGISTRY)
  }
  /** Undefined unless calls share commits. */
  turn() {
    if (this.env.SHARE_COMMITS === undefined) return undefined
    this.next ??= new Promise((resolve) => setTimeout(resolve, 1)).then(() => {
      this.next = undefined
    })
    return this.next
  }
  record(action, id, at) {
    const text = JSON.stringify({ action, at, id, facts })
    const hash = createHash('sha256').update(this.hash).update(text).digest('hex')
    this.sql.exec('INSERT INTO audit (at, action, facts, prev_hash, hash) VALUES (?, ?, ?, ?, ?)', at, action, text, this.hash, hash)
    this.hash = hash
  }
  /** Does nothing: measures only the call from the Worker to an object. */
  pass(prompt) {
    return { id: 1, status: 'pending', prompt, spec, rest }
  }
  async dispatch(prompt) {
    await this.turn()
    const at = Date.now()
    return this.ctx.storage.transactionSync(() => {
      const job = this.sql
        .exec(
          "INSERT INTO jobs (status, pool, rank, attempt, created_at, spec) VALUES ('pending', 1, ?, 0, ?, ?) RETURNING id",
          at,
          at,
          JSON.stringify({ prompt, spec }),
        )
        .one()
      this.record('job.dispatch', job.id, at)
      return { id: job.id, status: 'pending', prompt, spec, rest }
    })
  }
  claim() {
    const [job] = this.sql
      .exec('SELECT id, rank, spec FROM jobs WHERE pool = 1 AND id > ? ORDER BY rank, id LIMIT 1', this.offered)
      .toArray()
    if (job === undefined) return { offers: [] }
    this.offered = job.id
    return { offers: [{ job: { id: job.id, status: 'pending', spec: job.spec, rest }, lease: { token: 'floor'.repeat(18), rest } }] }
  }
  async start(id) {
    await this.turn()
    const at = Date.now()
    return this.ctx.storage.transactionSync(() => {
      this.sql.exec("UPDATE jobs SET status = 'running', pool = 2, rank = ?, attempt = 1, started_at = ? WHERE id = ?", at, at, id)
      this.record('job.start', id, at)
      return { job: { id, status: 'running', spec, rest }, lease: { attempt: 1, rest } }
    })
  }
  async complete(id, result) {
    await this.turn()
    const at = Date.now()
    return this.ctx.storage.transactionSync(() => {
      this.sql.exec(
        "UPDATE jobs SET status = 'done', pool = NULL, rank = NULL, ended_at = ?, outcome = ? WHERE id = ?",
        at,
        JSON.stringify({ result }),
        id,
      )
      this.record('job.complete', id, at)
      return { id, status: 'done', result, spec, rest }
    })
  }
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client })
  }
  /**
   * `flush`: answers when D1 has all rows. Any other message is a job's share of a batch: two updates of one row and two audit rows, the cost of our
   * start and complete.
   */
  async webSocketMessage(socket, text) {
    if (text === 'flush') return socket.send(JSON.stringify(await this.copy?.flush()))
    const items = JSON.parse(text)
    const at = this.copy === undefined ? undefined : new Date().toISOString()
    this.ctx.storage.transactionSync(() => {
      for (const item of items) {
        this.sql.exec('INSERT INTO rows (body) VALUES (?)', JSON.stringify(item))
        this.sql.exec('UPDATE rows SET body = ? WHERE id = last_insert_rowid()', JSON.stringify(item))
        for (const action of ['job.start', 'job.complete']) {
          const previous = this.hash
          this.record(action, item.job_id, 0)
          this.copy?.record(action, this.ended + 1, at, previous, this.hash)
        }
        this.ended += 1
        this.copy?.end(this.ended, item.result)
      }
    })
    this.copy?.nudge()
    socket.send(JSON.stringify(items.map(() => ({ ok: true }))))
  }
}

const key = crypto.subtle.importKey('raw', new TextEncoder().encode('floor'.repeat(8)), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])

export default {
  async fetch(request, env) {
    const stub = env.FLOOR.get(env.FLOOR.idFromName('floor'))
    if (request.headers.get('upgrade') === 'websocket') return stub.fetch(request)
    await crypto.subtle.sign('HMAC', await key, new TextEncoder().encode(request.headers.get('authorization') ?? ''))
    const [, call, id] = new URL(request.url).pathname.split('/')
    const body = await request.json()
    if (call === 'nothing') return Response.json({ id: 1, status: 'pending', prompt: body.prompt, spec, rest }, { status: 201 })
    if (call === 'passed') return Response.json(await stub.pass(body.prompt), { status: 201 })
    if (call === 'dispatch') return Response.json(await stub.dispatch(body.prompt), { status: 201 })
    if (call === 'claims') return Response.json(await stub.claim())
    if (call === 'start') return Response.json(await stub.start(Number(id)))
    if (call === 'complete') return Response.json(await stub.complete(Number(id), body.result))
    return new Response(null, { status: 404 })
  },
}
