/** Responsible for storing schedules and their runs. It decides nothing. */
import { and, asc, count, desc, eq, gt, isNotNull, lt, lte } from 'drizzle-orm'
import type { ScheduleRun } from '@modelreins/contract'
import type { ScheduleRecord, ScheduleRule } from '../../../src/domain/schedule/schedule.ts'
import type { TenantDatabase } from '../kernel/open-stores.ts'
import { scheduleRuns, schedules } from './tables.ts'

/** What became of one due time. `due_at` and `at` (when it was recorded) are milliseconds since 1970; `due_at` is null for runs by hand. */
export interface RunRecord {
  readonly run_id: number
  readonly schedule_id: string
  readonly due_at: number | null
  readonly at: number
  readonly outcome: ScheduleRun['outcome']
  readonly job_id: number | null
  readonly code: string | null
  readonly detail: string | null
}

type Row = typeof schedules.$inferSelect

const fromRow = ({ rule, job, ...row }: Row): ScheduleRecord => ({ ...row, ...(JSON.parse(rule) as ScheduleRule), job: JSON.parse(job) })

function toRow(schedule: ScheduleRecord): Row {
  const { schedule_id, name, job, runs, last_job_id, version, owner_id, created_at, next_at, fire_at, ...rule } = schedule
  return {
    schedule_id,
    name,
    runs,
    last_job_id,
    version,
    owner_id,
    created_at,
    next_at,
    fire_at,
    rule: JSON.stringify(rule),
    job: JSON.stringify(job),
  }
}

const runOf = (row: typeof scheduleRuns.$inferSelect): RunRecord => ({ ...row, outcome: row.outcome as RunRecord['outcome'] })

export class ScheduleStore {
  readonly #db: TenantDatabase
  constructor(db: TenantDatabase) {
    this.#db = db
  }

  get(id: string): ScheduleRecord | undefined {
    const row = this.#db.select().from(schedules).where(eq(schedules.schedule_id, id)).get()
    return row === undefined ? undefined : fromRow(row)
  }

  save(schedule: ScheduleRecord): void {
    const row = toRow(schedule)
    this.#db.insert(schedules).values(row).onConflictDoUpdate({ target: schedules.schedule_id, set: row }).run()
  }

  /** Writes the progress of a schedule after a due time, without its job and rule. */
  advance({ schedule_id, runs, last_job_id, next_at, fire_at }: ScheduleRecord): void {
    this.#db.update(schedules).set({ runs, last_job_id, next_at, fire_at }).where(eq(schedules.schedule_id, schedule_id)).run()
  }

  /** Deletes the schedule with its runs. */
  delete(id: string): void {
    this.#db.delete(schedules).where(eq(schedules.schedule_id, id)).run()
    this.#db.delete(scheduleRuns).where(eq(scheduleRuns.schedule_id, id)).run()
  }

  count(): number {
    return this.#db.select({ count: count() }).from(schedules).get()?.count ?? 0
  }

  list(limit: number, after: string): readonly ScheduleRecord[] {
    return this.#db
      .select()
      .from(schedules)
      .where(gt(schedules.schedule_id, after))
      .orderBy(asc(schedules.schedule_id))
      .limit(limit)
      .all()
      .map(fromRow)
  }

  /** Ids of schedules that are due, longest overdue first. */
  due(at: number, limit: number): readonly string[] {
    return this.#db
      .select({ id: schedules.schedule_id })
      .from(schedules)
      .where(and(isNotNull(schedules.fire_at), lte(schedules.fire_at, at)))
      .orderBy(asc(schedules.fire_at))
      .limit(limit)
      .all()
      .map((row) => row.id)
  }

  /** When the next schedule after this time is due, in milliseconds since 1970. */
  nextAfter(at: number): number | undefined {
    const row = this.#db
      .select({ at: schedules.fire_at })
      .from(schedules)
      .where(and(isNotNull(schedules.fire_at), gt(schedules.fire_at, at)))
      .orderBy(asc(schedules.fire_at))
      .limit(1)
      .get()
    return row?.at ?? undefined
  }

  addRun(run: Omit<RunRecord, 'run_id'>): RunRecord {
    return runOf(this.#db.insert(scheduleRuns).values(run).returning().get())
  }

  /** Newest first. */
  runs(scheduleId: string, limit: number, before = Number.MAX_SAFE_INTEGER): readonly RunRecord[] {
    return this.#db
      .select()
      .from(scheduleRuns)
      .where(and(eq(scheduleRuns.schedule_id, scheduleId), lt(scheduleRuns.run_id, before)))
      .orderBy(desc(scheduleRuns.run_id))
      .limit(limit)
      .all()
      .map(runOf)
  }

  /** Deletes runs made before `before`, oldest first; reads one row when there is nothing to delete. */
  prune(before: number, limit: number): void {
    const oldest = (most: number) =>
      this.#db
        .select({ id: scheduleRuns.run_id, at: scheduleRuns.at })
        .from(scheduleRuns)
        .orderBy(asc(scheduleRuns.run_id))
        .limit(most)
        .all()
    if ((oldest(1)[0]?.at ?? before) >= before) return
    for (const { id, at } of oldest(limit)) if (at < before) this.#db.delete(scheduleRuns).where(eq(scheduleRuns.run_id, id)).run()
  }
}
