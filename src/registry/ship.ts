/**
 * Responsible for writing what a tenant's outbox ships: audit rows, finished jobs, worker rows, as one D1 batch (one transaction). At-least-once
 * and in any order: a row that is there stays, and an older state never overwrites a newer one.
 */
import type { AuditRow, Job, Worker } from '@modelreins/contract'
import { ok, type Result } from '../domain/result.ts'
import { hourOf } from './audit.ts'
import { callD1 } from './page.ts'

/** `updated_seq`: the outbox sequence (or any number that grows with the row's changes) that this state belongs to. */
export type Sequenced<Row> = Row & { readonly updated_seq: number }

export interface Shipment {
  readonly audit: readonly AuditRow[]
  /** `stored_result`: the R2 key of a result whose beginning the job shows. */
  readonly jobs: readonly (Sequenced<Job> & { readonly stored_result?: string | null })[]
  readonly workers: readonly Sequenced<Worker>[]
}

export interface Shipped {
  /** Highest audit sequence stored without a hole below it. */
  readonly audit_seq: number
  /** Sequences of this shipment under which another row is stored: the chain has forked, and nothing of the shipment was stored. */
  readonly forks: readonly number[]
}

/** A statement takes 100 bound parameters; sets of small rows travel as one JSON parameter instead. */
const jobColumns = 13
/** With the tenant, and what else there is of them. */
const jobsPerStatement = 98
/** Characters of a job's texts as JSON beyond which it travels in parameters of its own. */
const smallJob = 50_000
/** A parameter takes 2 MB: characters of JSON per statement, safe for three bytes each. */
const jsonSize = 600_000

/** Puts rows into JSON arrays of bounded size; a row is never cut. */
function jsonArrays(rows: readonly unknown[]): string[] {
  const arrays: string[] = []
  let open = ''
  for (const row of rows) {
    const text = JSON.stringify(row)
    if (open !== '' && open.length + text.length > jsonSize) {
      arrays.push(`[${open}]`)
      open = ''
    }
    open += open === '' ? text : `,${text}`
  }
  if (open !== '') arrays.push(`[${open}]`)
  return arrays
}

/** Materialised: `json_each` spells a row's text anew for every field that is asked of it. */
const shipped = 'WITH shipped AS MATERIALIZED (SELECT value FROM json_each(?2))'

/** The last value is the proof, of rows that have one. */
const auditInsert = `
  ${shipped}
  INSERT INTO audit (tenant, seq, at, actor_kind, actor_id, actor_name, action, subject, job_id, worker_id, capability, risk_tier,
    digest, summary, prev_hash, hash, mac, proof)
  SELECT ?1, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9, value->>10,
    value->>11, value->>12, value->>13, value->>14, value->>15, value->16
  FROM shipped WHERE true
  ON CONFLICT DO NOTHING`

/** In the order of the columns, without the tenant. Arrays are shorter than objects, and SQLite finds a value by its place sooner than by its name. */
function auditValues(row: AuditRow): unknown[] {
  const { actor } = row
  const values: unknown[] = [
    row.seq,
    row.at,
    actor.kind,
    actor.id,
    actor.name,
    row.action,
    row.subject,
    row.job_id,
    row.worker_id,
    row.capability,
    row.risk_tier,
    row.digest,
    row.summary,
    row.prev_hash,
    row.hash,
    row.mac,
  ]
  if (row.proof !== undefined) values.push(row.proof)
  return values
}

const hoursUpsert = `
  INSERT INTO audit_hours (tenant, hour, first_seq, last_seq)
  SELECT ?1, value->>'hour', value->>'first_seq', value->>'last_seq' FROM json_each(?2) WHERE true
  ON CONFLICT (tenant, hour) DO UPDATE
  SET first_seq = min(first_seq, excluded.first_seq), last_seq = max(last_seq, excluded.last_seq)
  WHERE excluded.first_seq < first_seq OR excluded.last_seq > last_seq`

const namesInsert = `
  INSERT INTO names (tenant, name, id)
  SELECT ?1, value->>'name', value->>'id' FROM json_each(?2) WHERE true
  ON CONFLICT DO NOTHING`

const workersUpsert = `
  ${shipped}
  INSERT INTO workers (tenant, worker_id, updated_seq, revoked, worker)
  SELECT ?1, value->>'$.worker.worker_id', value->>'updated_seq', value->>'$.worker.revoked_at' IS NOT NULL, value->'worker'
  FROM shipped WHERE true
  ON CONFLICT (tenant, worker_id) DO UPDATE
  SET updated_seq = excluded.updated_seq, revoked = excluded.revoked, worker = excluded.worker
  WHERE excluded.updated_seq > updated_seq`

const jobsInto =
  'INSERT INTO jobs (tenant, id, updated_seq, status, effort, thread_id, capability, worker_id, size, prompt, output, result, rest)'

const jobsOver = `
  ON CONFLICT (tenant, id) DO UPDATE
  SET updated_seq = excluded.updated_seq, status = excluded.status, effort = excluded.effort, thread_id = excluded.thread_id,
    capability = excluded.capability, worker_id = excluded.worker_id, size = excluded.size, prompt = excluded.prompt,
    output = excluded.output, result = excluded.result, rest = excluded.rest
  WHERE excluded.updated_seq > updated_seq`

const jobUpsert = `${jobsInto} VALUES (${Array.from({ length: jobColumns }, () => '?').join(', ')}) ${jobsOver}`

/** The rest of each job is a parameter of its own: SQLite would read JSON within JSON twice, and spell it anew as often. */
const jobsUpsert = (jobs: number): string => `
  WITH rests (place, rest) AS (VALUES ${Array.from({ length: jobs }, (_, place) => `(${place}, ?${place + 3})`).join(', ')}),
    shipped AS MATERIALIZED (SELECT ?2->place AS value, rest FROM rests)
  ${jobsInto}
  SELECT ?1, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9, value->>10, rest
  FROM shipped WHERE true ${jobsOver}`

/** From where it stood, step by step as long as the next row is there. */
const advance = `
  WITH RECURSIVE stored(seq) AS (
    SELECT coalesce((SELECT audit_seq FROM shipments WHERE tenant = ?1), 0)
    UNION ALL
    SELECT seq + 1 FROM stored WHERE EXISTS (SELECT 1 FROM audit WHERE tenant = ?1 AND audit.seq = stored.seq + 1)
  )
  INSERT INTO shipments (tenant, audit_seq) SELECT ?1, max(seq) FROM stored WHERE true
  ON CONFLICT (tenant) DO UPDATE SET audit_seq = excluded.audit_seq WHERE excluded.audit_seq > audit_seq`

/** Cross join: SQLite must walk the few shipped rows, not the tenant's whole trail. */
export const forksSelect = `
  ${shipped}
  SELECT audit.seq FROM shipped CROSS JOIN audit ON audit.tenant = ?1 AND audit.seq = CAST(shipped.value->>'seq' AS INTEGER)
  WHERE audit.hash <> shipped.value->>'hash' ORDER BY audit.seq`

/** SQLite reads no such JSON: the statement fails, and the whole batch with it. */
const failsWhen = (condition: string): string => `SELECT json_extract(CASE WHEN ${condition} THEN 'no JSON' ELSE '{}' END, '$') AS guard`

/** As a rule nothing of a shipment is stored, so that nothing has to be compared. */
const storedGuard = failsWhen('EXISTS (SELECT 1 FROM audit WHERE tenant = ?1 AND seq BETWEEN ?2 AND ?3)')

/** Where some rows are: a shipped row is another one than the stored one. */
const forkGuard = failsWhen(`EXISTS (${forksSelect})`)

interface HourRange {
  readonly hour: number
  first_seq: number
  last_seq: number
}

function hoursOf(rows: readonly AuditRow[]): readonly HourRange[] {
  const hours = new Map<number, HourRange>()
  let spelled = ''
  let hour = 0
  for (const { at, seq } of rows) {
    // Rows of one message have one time.
    if (at !== spelled) hour = hourOf(at)
    spelled = at
    const known = hours.get(hour)
    if (known === undefined) {
      hours.set(hour, { hour, first_seq: seq, last_seq: seq })
    } else {
      known.first_seq = Math.min(seq, known.first_seq)
      known.last_seq = Math.max(seq, known.last_seq)
    }
  }
  return [...hours.values()]
}

/** Each pair once: most of a shipment is by the same few. */
function namesOf(shipment: Shipment): { readonly name: string; readonly id: string }[] {
  const names = new Map<string, Set<string>>()
  const add = (name: string | null, id: string | null): void => {
    if (name === null || id === null || name === id) return
    const known = names.get(id)
    if (known === undefined) names.set(id, new Set([name]))
    else known.add(name)
  }
  for (const { actor } of shipment.audit) add(actor.name, actor.id)
  for (const job of shipment.jobs) add(job.assigned_to, job.worker_id)
  for (const worker of shipment.workers) add(worker.name, worker.worker_id)
  return [...names].flatMap(([id, known]) => [...known].map((name) => ({ name, id })))
}

/** In the order of the columns, without the tenant; the rest apart, which is JSON already. */
function jobValues(job: Sequenced<Job>): { readonly values: readonly unknown[]; readonly rest: string } {
  const { updated_seq, prompt, output, result } = job
  // What is undefined is not spelled, and this is faster than an object without these.
  const rest = JSON.stringify({ ...job, updated_seq: undefined, prompt: undefined, output: undefined, result: undefined })
  const size = prompt.length + output.length + (result?.length ?? 0) + rest.length
  const { id, status, effort, thread_id, capability, worker_id } = job
  return { values: [id, updated_seq, status, effort, thread_id, capability, worker_id, size, prompt, output, result], rest }
}

interface SpelledJob {
  /** JSON. */
  readonly values: string
  readonly rest: string
}

/** Half of a surrogate pair, or a NUL: SQLite's JSON reads them otherwise than a parameter is read. */
const isOddText = (json: string): boolean => json.includes('\\u') && /\\u(?:0000|d[89a-f])/.test(json)

function statementsOf(database: D1Database, tenant: string, shipment: Shipment): D1PreparedStatement[] {
  const each = (sql: string, rows: readonly unknown[]): D1PreparedStatement[] =>
    jsonArrays(rows).map((json) => database.prepare(sql).bind(tenant, json))
  const statements = [
    ...each(auditInsert, shipment.audit.map(auditValues)),
    ...each(hoursUpsert, hoursOf(shipment.audit)),
    ...each(namesInsert, namesOf(shipment)),
  ]
  const workers = shipment.workers.map(({ updated_seq, ...worker }) => ({ updated_seq, worker }))
  statements.push(...each(workersUpsert, workers))
  let small: SpelledJob[] = []
  let size = 0
  const pack = (): void => {
    if (small.length === 0) return
    const values = `[${small.map((job) => job.values).join(',')}]`
    statements.push(database.prepare(jobsUpsert(small.length)).bind(tenant, values, ...small.map((job) => job.rest)))
    small = []
    size = 0
  }
  for (const job of shipment.jobs) {
    const { values, rest } = jobValues(job)
    const spelled = JSON.stringify(values)
    if (spelled.length > smallJob || isOddText(spelled)) {
      statements.push(database.prepare(jobUpsert).bind(tenant, ...values, rest))
      continue
    }
    if (small.length === jobsPerStatement || size + spelled.length > jsonSize) pack()
    small.push({ values: spelled, rest })
    size += spelled.length
  }
  pack()
  return statements
}

/** Stores a shipment, all of it or nothing. `unavailable` when D1 does not answer: ship the same rows again later. */
export async function ship(database: D1Database, tenant: string, shipment: Shipment): Promise<Result<Shipped>> {
  const shippedSeq = database.prepare('SELECT audit_seq FROM shipments WHERE tenant = ?').bind(tenant)
  const store = async (guards: readonly D1PreparedStatement[]): Promise<Result<Shipped>> => {
    const statements = [...guards, ...statementsOf(database, tenant, shipment), database.prepare(advance).bind(tenant), shippedSeq]
    const done = await callD1(() => database.batch<{ audit_seq?: number }>(statements))
    if (!done.ok) return done
    const audit_seq = done.value.at(-1)?.results[0]?.audit_seq
    if (audit_seq === undefined) throw new Error('the batch advanced no shipment')
    return ok({ audit_seq, forks: [] })
  }
  const seqs = shipment.audit.map(({ seq }) => seq)
  try {
    return await store(seqs.length === 0 ? [] : [database.prepare(storedGuard).bind(tenant, Math.min(...seqs), Math.max(...seqs))])
  } catch {
    // Some rows are there already, from a shipment whose answer was lost, or from another history.
  }
  const points = jsonArrays(shipment.audit.map(({ seq, hash }) => ({ seq, hash })))
  const overPoints = (sql: string): D1PreparedStatement[] => points.map((json) => database.prepare(sql).bind(tenant, json))
  try {
    return await store(overPoints(forkGuard))
  } catch (error) {
    const found = await callD1(() => database.batch<{ seq?: number; audit_seq?: number }>([...overPoints(forksSelect), shippedSeq]))
    if (!found.ok) return found
    const forks = found.value.slice(0, -1).flatMap((answer) => answer.results.flatMap((row) => row.seq ?? []))
    if (forks.length === 0) throw error
    return ok({ audit_seq: found.value.at(-1)?.results[0]?.audit_seq ?? 0, forks })
  }
}
