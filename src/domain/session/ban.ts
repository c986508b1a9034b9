/** Responsible for how long sign-ins must wait after failures: a few are free, then each further failure means a longer wait, up to a day. */
import { limits } from '@modelreins/contract'

/** Failed sign-ins from one address, or for one member. Times are milliseconds since 1970. */
export interface FailureRecord {
  readonly ban_id: string
  /** `address:<key>` or `member:<id>`. */
  readonly subject: string
  readonly failures: number
  readonly last_at: number
  /** Sign-ins by key are refused before this time. */
  readonly until: number
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** Waits after the free failures. A wait of a minute or longer is a ban: it is stored, audited and listed. */
const waits = [2 * second, 10 * second, minute, 5 * minute, 30 * minute, 2 * hour, 8 * hour, 24 * hour] as const

export const banFrom: number = minute

export function waitAfter(failures: number): number {
  if (failures <= limits.sign_in_failures_forgiven) return 0
  return waits[Math.min(failures - limits.sign_in_failures_forgiven, waits.length) - 1] ?? 0
}

/** The record after one more failure; old failures are forgotten first (`limits.sign_in_memory_ms`). */
export function afterFailure(before: FailureRecord | undefined, subject: string, newId: string, at: number): FailureRecord {
  const remembered = before !== undefined && at - before.last_at < limits.sign_in_memory_ms ? before : undefined
  const failures = (remembered?.failures ?? 0) + 1
  return { ban_id: remembered?.ban_id ?? newId, subject, failures, last_at: at, until: at + waitAfter(failures) }
}

export const isBan = (record: FailureRecord, at: number): boolean => record.until > at && waitAfter(record.failures) >= banFrom
