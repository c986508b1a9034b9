/**
 * Responsible for the lines of an export, page by page as they are asked for, in the order that `auditExportLine` tells. It holds one
 * page of rows at a time and verifies nothing: the reader of the file does.
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

/** Once a stream has begun, a failure can only break it off: the missing end tells the reader. */
function orBreak<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`the export broke off: ${result.failure.code}`)
  return result.value
}

/** The heads of the range in ascending order; the first may name the row before it. */
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

/** The whole export; its end is signed over everything before it. */
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

/** Read as fast as it is drained, and no faster. */
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
