/** Responsible for when a browser session is in force and when its last use is worth a written row. */
import { limits } from '@modelreins/contract'

/** Times are milliseconds since 1970. */
export interface SessionRecord {
  readonly session_id: string
  readonly member_id: string
  readonly method: 'key' | 'passkey'
  /** The passkey that signed in; null for a key. */
  readonly passkey_id: string | null
  /** SHA-256 of the session token, hex. */
  readonly hash: string
  readonly device: string
  readonly place: string | null
  readonly created_at: number
  readonly last_used_at: number
  readonly ended_at: number | null
}

/** The idle limit after the last use or the absolute limit after the sign-in, whichever comes first. */
export const sessionExpiry = (session: Pick<SessionRecord, 'created_at' | 'last_used_at'>): number =>
  Math.min(session.last_used_at + limits.session_idle_ms, session.created_at + limits.session_absolute_ms)

export const sessionInForce = (session: SessionRecord, at: number): boolean => session.ended_at === null && sessionExpiry(session) > at

/** A clock that was set back writes nothing. */
export const isWorthTouching = (session: SessionRecord, at: number): boolean => at - session.last_used_at >= limits.session_touch_ms
