/** Responsible for `audit`: querying the trail, exporting it, and verifying an export. */
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { auditQuery, withoutUnseen, type AuditRow } from '@modelreins/contract'
import { joinTrust, NotAKey, parseTrust, type Trust } from '../../audit/trust.ts'
import { verifyAudit, type AuditVerdict } from '../../audit/verify.ts'
import { errorFromProblem } from '../../client/error.ts'
import { wireRequest } from '../../client/request.ts'
import { parseJson } from '../../client/transport.ts'
import { connect } from '../setup/connection.ts'
import { checked, given } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import { momentOf } from '../arguments/time-flag.ts'
import type { Column } from '../output/presenter.ts'
import { showAge } from '../output/time-words.ts'
import { readTextFile } from '../arguments/read-text.ts'
import { UsageError } from '../arguments/usage-error.ts'

const columns = (now: number): readonly Column<AuditRow>[] => [
  { title: 'SEQ', cell: (row) => String(row.seq), right: true },
  { title: 'AGE', cell: (row) => row.at, human: (row) => showAge(row.at, now), right: true },
  { title: 'ACTOR', cell: (row) => `${row.actor.kind}:${row.actor.name}` },
  { title: 'ACTION', cell: (row) => row.action },
  { title: 'SUBJECT', cell: (row) => row.subject },
  { title: 'SUMMARY', cell: (row) => row.summary, wide: true },
]

const span = (context: CommandContext) => ({ since: momentOf(context, 'since', 'ago'), until: momentOf(context, 'until', 'ago') })
export async function audit(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const fields = {
    ...span(context),
    actor: invocation.text('actor'),
    action: invocation.text('action'),
    job_id: invocation.count('job'),
    worker: invocation.text('worker'),
    capability: invocation.text('capability'),
    limit: invocation.count('limit'),
    cursor: invocation.text('cursor'),
  }
  const query = checked(auditQuery, fields, { name: (path) => `--${path.replace(/_id$/, '')}` })
  const { client } = await connect(context)
  let page = await client.audit.query(query)
  // One call searches only part of the trail: an empty page with a cursor means that the search must continue.
  while (page.items.length === 0 && page.next_cursor !== null) page = await client.audit.query({ ...query, cursor: page.next_cursor })
  if (show.json) show.value(page)
  else if (page.items.length > 0) show.table(columns(context.now), page.items)
  else show.note('No rows')
  if (page.next_cursor !== null) show.note(show.errorStyle.dim(`more: --cursor ${page.next_cursor}`))
  return 0
}

export async function auditHeads(context: CommandContext): Promise<number> {
  const limit = context.invocation.count('limit')
  const { client } = await connect(context)
  context.show.value(await client.audit.heads(limit === undefined ? {} : { limit }))
  return 0
}

/** Streamed, because a trail can be larger than memory. */
export async function auditExport(context: CommandContext): Promise<number> {
  const file = context.invocation.argument(0)
  const { path } = wireRequest('audit.export', given(span(context)))
  const { url, token } = await connect(context)
  const response = await context.fetch(url + path, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/x-ndjson' },
    redirect: 'manual',
  })
  if (!response.ok || response.body === null) throw errorFromProblem(response.status, parseJson(await response.text()))
  const target = file === undefined || file === '-' ? undefined : createWriteStream(file, { mode: 0o600 })
  const body = chunksOf(response.body)
  if (target === undefined) await toStandardOutput(context, body)
  else await pipeline(Readable.from(body), target)
  if (target !== undefined) context.show.note(`Written to ${file}; \`audit verify ${file}\` verifies it offline`)
  return 0
}

async function toStandardOutput({ system }: CommandContext, body: AsyncIterable<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder()
  const safe = system.stdout.isTerminal ? withoutUnseen : (text: string) => text
  for await (const chunk of body) {
    system.stdout.write(safe(decoder.decode(chunk, { stream: true })))
    await system.stdout.drained()
  }
  system.stdout.write(safe(decoder.decode()))
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

export async function auditVerify(context: CommandContext): Promise<number> {
  const { show, invocation } = context
  const file = invocation.argument(0) ?? ''
  const source = file === '-' ? Readable.from([await context.system.readStdin()]) : createReadStream(file)
  const verdict = await verifyAudit(source, {
    ...joinTrust(invocation.list('key').map(trustOf)),
    passkeys: invocation.list('passkey').map(fingerprint),
  })
  if (show.json) show.value(verdict)
  else tell(context, verdict)
  return verdict.ok ? 0 : 1
}

function trustOf(text: string): Trust {
  const content = existsSync(text) ? readTextFile(text) : text
  try {
    return parseTrust(content)
  } catch (error) {
    if (!(error instanceof NotAKey)) throw error
    throw new UsageError(`--key ${text.slice(0, 80)}: ${error.message}`, 'a public key, or a file with keys or saved heads (audit heads)')
  }
}

function fingerprint(text: string): string {
  const digits = text.replaceAll(/[\s:]/g, '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(digits)) return digits
  throw new UsageError(
    `--passkey ${text.slice(0, 80)}: this is not a fingerprint`,
    'the 64 digits that Settings, Sign-in shows for a passkey',
  )
}

const pinnedWords: Readonly<Record<AuditVerdict['passkeys'][number]['pinned'], string>> = {
  registered: 'registered in this file',
  given: 'trusted by --passkey',
  'in-file': 'its registration is not in this file',
}

const signedBy = ({ decisions, member, name, fingerprint: digits, pinned }: AuditVerdict['passkeys'][number]): string =>
  `${decisions} by the passkey ${name} of ${member} (${pinnedWords[pinned]}; SHA-256 ${digits})`

function tell(context: CommandContext, verdict: AuditVerdict): void {
  const { show } = context
  const rows = verdict.rows === 0 ? 'no rows' : `${verdict.rows} rows (${verdict.first_seq} to ${verdict.last_seq})`
  show.line(
    verdict.ok
      ? show.style.green(`ok: ${rows} hold`)
      : show.style.red(`BAD: ${verdict.fault?.kind ?? 'unknown'}: ${verdict.fault?.detail ?? ''}`),
  )
  show.facts([
    ['first bad row', verdict.fault?.seq === null || verdict.fault === null ? undefined : String(verdict.fault.seq)],
    ['line of the file', verdict.fault?.line === null || verdict.fault === null ? undefined : String(verdict.fault.line)],
    ['rows that hold', verdict.ok ? undefined : rows],
    ['tenant', verdict.tenant ?? undefined],
    [
      'exported',
      verdict.exported_at === null ? undefined : `${verdict.exported_at}${verdict.whole ? ', the whole trail as it was then' : ', a part'}`,
    ],
    ['signed heads', String(verdict.heads)],
    ...verdict.passkeys.map((passkey): [string, string] => ['signed decisions', signedBy(passkey)]),
    ['proven up to', verdict.proven === null ? undefined : `row ${verdict.proven.seq}, signed ${verdict.proven.at}`],
  ])
  if (verdict.key === 'in-file')
    show.warn(
      show.errorStyle.yellow('The key was taken from the file itself, which does not detect a forged file. Pass a trusted key with --key.'),
    )
}
