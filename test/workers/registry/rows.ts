/** Responsible for rows that look like a tenant's: a sealed audit chain, finished jobs, workers. */
import { createHash, createHmac } from 'node:crypto'
import type { AuditRow, Job, Worker } from '@modelreins/contract'
import { type AuditDraft, genesisHash, sealRow } from '../../../src/domain/audit/audit-chain.ts'
import type { Result } from '../../../src/domain/result.ts'
import type { Sequenced } from '../../../src/registry/ship.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
export const hmac = (text: string): string => createHmac('sha256', 'the key of one tenant').update(text).digest('hex')

export const start = Date.UTC(2026, 0, 1)
const minute = 60_000

/** `change` may differ by row; the times are ten minutes apart. */
export function auditChain(length: number, change: (seq: number) => Partial<AuditDraft> = () => ({})): AuditRow[] {
  const rows: AuditRow[] = []
  for (let seq = 1; seq <= length; seq += 1) {
    const draft: AuditDraft = {
      seq,
      at: new Date(start + seq * 10 * minute).toISOString(),
      actor: { kind: 'member', id: 'mbaaaaaaaaaa', name: 'Ada' },
      action: 'job.dispatch',
      subject: `job:${seq}`,
      job_id: seq,
      worker_id: null,
      capability: null,
      risk_tier: null,
      digest: sha256(`payload ${seq}`),
      summary: `row ${seq}`,
      ...change(seq),
    }
    rows.push(sealRow(draft, rows.at(-1)?.hash ?? genesisHash, { sha256, hmac }))
  }
  return rows
}

export const job = (id: number, change: Partial<Sequenced<Job>> = {}): Sequenced<Job> => ({
  updated_seq: id,
  id,
  status: 'done',
  hold: null,
  prompt: `prompt ${id}`,
  input: { n: id },
  capability: null,
  effort: 'standard',
  priority: 0,
  thread_id: null,
  session_id: null,
  context: 'none',
  tags: ['a'],
  networks: [],
  provider: null,
  model: null,
  target: null,
  requires_secrets: [],
  metadata: null,
  assigned_to: 'triager',
  worker_id: 'wkaaaaaaaaaa',
  attempt: 1,
  max_attempts: 3,
  timeout: 3_600,
  silence_timeout: null,
  output: 'said\n',
  output_truncated: false,
  result: 'fine',
  result_truncated: false,
  exit_code: 0,
  usage: null,
  error: null,
  review_id: null,
  retry_at: null,
  created_at: new Date(start).toISOString(),
  started_at: new Date(start).toISOString(),
  ended_at: new Date(start).toISOString(),
  ...change,
})

export const worker = (workerId: string, name: string, change: Partial<Sequenced<Worker>> = {}): Sequenced<Worker> => ({
  updated_seq: 1,
  worker_id: workerId,
  name,
  kind: 'silicon',
  description: '',
  capabilities: [{ name: 'email.reply', risk_tier: 'audit' }],
  requires_secrets: [],
  config: {},
  config_version: 1,
  may_raise_killswitch: false,
  paused: false,
  revoked_at: null,
  created_at: new Date(start).toISOString(),
  last_seen: null,
  state: 'offline',
  running: 0,
  ...change,
})

/** The value of a result that is expected to be one. */
export function value<Value>(result: Result<Value>): Value {
  if (!result.ok) throw new Error(`${result.failure.code}: ${result.failure.detail}`)
  return result.value
}

/** All items of a list, page by page. */
export async function walk<Item>(
  page: (cursor: string | undefined) => Promise<Result<{ readonly items: readonly Item[]; readonly next_cursor: string | null }>>,
): Promise<Item[][]> {
  const pages: Item[][] = []
  let cursor: string | undefined
  do {
    const { items, next_cursor } = value(await page(cursor))
    pages.push([...items])
    cursor = next_cursor ?? undefined
  } while (cursor !== undefined)
  return pages
}
