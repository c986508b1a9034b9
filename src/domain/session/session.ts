/** Responsible for the validity of a browser session and for when its last use is stored. */
import { limits } from '@modelreins/contract'

/** Times are milliseconds since 1970. */
export interface SessionRecord {
  /** Public id. */
  readonly session_id: string
  /** Member who signed in. */
  readonly member_id: string
  /** How they signed in. */
  readonly method: 'key' | 'passkey'
  /** The passkey that signed in; null for a key. */
  readonly passkey_id: string | null
  /** SHA-256 of the session token, hex. */
  readonly hash: string
  /** Browser and system, as the user agent says; for display. */
  readonly device: string
  /** City and country as Cloudflare says, else the address; null when unknown. */
  readonly place: string | null
  /** Time of the sign-in. */
  readonly created_at: number
  /** Last use, written at most once per `limits.session_touch_ms`. */
  readonly last_used_at: number
  /** Time of the sign-out or revocation; null while it is active. */
  readonly ended_at: number | null
}

/** The idle limit after the last use or the absolute limit after the sign-in, whichever comes first. */
export const sessionExpiry = (session: Pick<SessionRecord, 'created_at' | 'last_used_at'>): number =>
  Math.min(session.last_used_at + limits.session_idle_ms, session.created_at + limits.session_absolute_ms)

export const isSessionActive = (session: SessionRecord, at: number): boolean => session.ended_at === null && sessionExpiry(session) > at

/** A clock that was set back causes no write. */
export const isWorthTouching = (session: SessionRecord, at: number): boolean => at - session.last_used_at >= limits.session_touch_ms
