/**
 * Responsible for the lines of an audit export, in the order that `auditExportLine` documents. It generates them on demand with one page of
 * rows in memory, and verifies nothing: the reader of the file does that.
 */
import { createHash } from 'node:crypto'
import type { AuditExportLine, AuditHead, AuditKey } from '@modelreins/contract'
import type { Result } from '../../domain/result.ts'
import type { Exchange } from '../exchange.ts'
import { askTenant } from '../tenant-call.ts'
import { archivedHeads } from './archived-heads.ts'

const rowsPerPage = 500

export interface ExportRange {
  readonly tenant: string
  readonly from_seq: number
  readonly through_seq: number
  readonly newest_seq: number
  readonly key: AuditKey
}

const spell = (line: AuditExportLine): string => `${JSON.stringify(line)}\n`

/** Throws on a failure: after the stream has started, it can only be aborted, and the reader notices the missing end. */
function orBreak<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`the export broke off: ${result.failure.code}`)
  return result.value
}

/** The heads of the range in ascending order; the first may belong to the row before the range. */
async function* headsOf(exchange: Exchange, range: ExportRange): AsyncGenerator<AuditHead> {
  for (let from = Math.max(range.from_seq - 1, 1); from <= range.through_seq;) {
    const page = orBreak(await archivedHeads(exchange, range.tenant, { from, through: range.through_seq }))
    for (const { head } of page) if (head !== undefined) yield head
    const last = page.at(-1)
    if (last === undefined) return
    from = last.seq + 1
  }
}

async function* linesOf(exchange: Exchange, range: ExportRange): AsyncGenerator<string, number> {
  const { tenant, from_seq, through_seq, newest_seq, key } = range
  const exported_at = new Date(exchange.ports.now()).toISOString()
  yield spell({ type: 'export', version: 1, tenant, exported_at, from_seq, through_seq, newest_seq, keys: [key] })
  const heads = headsOf(exchange, range)
  let head = (await heads.next()).value
  let rows = 0
  for (let after = from_seq - 1; after < through_seq;) {
    const page = orBreak(
      await exchange.ports.registry(exchange.env).audit.range(tenant, { after, through: through_seq, limit: rowsPerPage }),
    )
    let text = ''
    for (const row of page) {
      for (; head !== undefined && head.seq < row.seq; head = (await heads.next()).value) text += spell({ type: 'head', ...head })
      text += spell({ type: 'row', ...row })
    }
    const last = page.at(-1)
    if (last === undefined) break
    rows += page.length
    after = last.seq
    yield text
  }
  for (; head !== undefined; head = (await heads.next()).value) yield spell({ type: 'head', ...head })
  return rows
}

/** The lines of the whole export; the last one has a signature over all lines before it. */
export async function* exportLines(exchange: Exchange, range: ExportRange): AsyncGenerator<string> {
  const digest = createHash('sha256')
  const lines = linesOf(exchange, range)
  let step = await lines.next()
  for (; step.done !== true; step = await lines.next()) {
    digest.update(step.value)
    yield step.value
  }
  const { credential } = exchange.caller
  const { request_id } = exchange
  const about = { from_seq: range.from_seq, through_seq: range.through_seq, rows: step.value, sha256: digest.digest('hex') }
  const seal = orBreak(await askTenant(exchange, (gate) => gate.sealExport({ credential, seal: about, request_id }), true))
  yield spell({ type: 'end', ...seal })
}

/** A stream with backpressure: it generates text only as fast as the client reads. */
export function streamOf(text: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await text.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        await text.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}
