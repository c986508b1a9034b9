/**
 * Responsible for the floor's copy to D1, when it has the binding REGISTRY: audit rows and ended jobs go into the same tables as ours, one shipment a
 * second. It does nothing else: no detection of forks, no older states of a job, no recovery after a cold start. Unshipped rows are kept in memory.
 */
const tenant = 'floor'
/** Milliseconds for which rows are collected after the first one, and after a shipment. */
const gatherMs = 200
const paceMs = 1_000
/** Most audit rows of one batch, two for each job: a bound parameter may have 2 MB. */
const rowsPerBatch = 2_000
const rowsPerStatement = 1_000
const jobsPerStatement = 500

const audit = `
  WITH shipped AS MATERIALIZED (SELECT value FROM json_each(?2))
  INSERT INTO audit (tenant, seq, at, actor_kind, actor_id, actor_name, action, subject, job_id, worker_id, digest, summary, prev_hash, hash, mac)
  SELECT ?1, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9, value->>10, value->>11,
    value->>12, value->>13
  FROM shipped WHERE true ON CONFLICT DO NOTHING`

const jobs = `
  WITH shipped AS MATERIALIZED (SELECT value FROM json_each(?2))
  INSERT INTO jobs (tenant, id, updated_seq, status, effort, worker_id, size, prompt, output, result, rest)
  SELECT ?1, value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6, value->>7, value->>8, value->>9
  FROM shipped WHERE true ON CONFLICT DO NOTHING`

const advance =
  'INSERT INTO shipments (tenant, audit_seq) VALUES (?1, ?2) ON CONFLICT (tenant) DO UPDATE SET audit_seq = excluded.audit_seq'

/** Fillers with the lengths of our rows: a worker's id, a MAC, and the fields of a job without their own column. */
const worker = 'w'.repeat(18)
const mac = 'm'.repeat(64)
const fields = JSON.stringify(JSON.stringify(Object.fromEntries(Array.from({ length: 43 }, (_, index) => [`field_${index + 10}`, 'null']))))

const pieces = (rows, size) =>
  Array.from({ length: Math.ceil(rows.length / size) }, (_, index) => `[${rows.slice(index * size, (index + 1) * size).join()}]`)

export class Copy {
  #database
  #audit = []
  #jobs = []
  #seq = 0
  #timer
  #flight
  #arrivedAt = 0

  constructor(database) {
    this.#database = database
  }

  /** Serialised once, as a JSON array in the order of the columns. */
  record(action, job, at, previous, hash) {
    this.#seq += 1
    this.#audit.push(
      `[${this.#seq},"${at}","worker","${worker}","bench","${action}","job:${job}",${job},"${worker}",null,"attempt 1 of 3","${previous}","${hash}","${mac}"]`,
    )
  }

  end(job, result) {
    this.#jobs.push(`[${job},${this.#seq},"done","standard","${worker}",785,"Measure this job","",${JSON.stringify(result)},${fields}]`)
  }

  nudge() {
    if (this.#timer !== undefined || this.#flight !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        void this.#ship()
      },
      Math.max(gatherMs, Math.min(paceMs, this.#arrivedAt + paceMs - Date.now())),
    )
  }

  /** Ships all rows; returns the number of the newest row in D1. */
  async flush() {
    await this.#flight
    await this.#ship()
    const row = await this.#database.prepare('SELECT audit_seq FROM shipments WHERE tenant = ?').bind(tenant).first()
    return row?.audit_seq ?? 0
  }

  #ship() {
    this.#flight ??= this.#batches(this.#seq).finally(() => {
      this.#flight = undefined
      this.#arrivedAt = Date.now()
      if (this.#audit.length > 0) this.nudge()
    })
    return this.#flight
  }

  async #batches(wanted) {
    const prepare = (sql, given) => this.#database.prepare(sql).bind(tenant, given)
    while (this.#seq - this.#audit.length < wanted) {
      const rows = this.#audit.slice(0, rowsPerBatch)
      const ended = this.#jobs.slice(0, rowsPerBatch / 2)
      await this.#database.batch([
        ...pieces(rows, rowsPerStatement).map((json) => prepare(audit, json)),
        ...pieces(ended, jobsPerStatement).map((json) => prepare(jobs, json)),
        prepare(advance, this.#seq - this.#audit.length + rows.length),
      ])
      this.#audit.splice(0, rows.length)
      this.#jobs.splice(0, ended.length)
    }
  }
}
