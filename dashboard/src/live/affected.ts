/** Responsible for which cached answers an event makes stale: those that show the noun of the event. It makes no calls. */

/** Prefixes of the operations that show each noun. Presence is not in the audit trail and arrives in its own frames. */
const shownBy: Readonly<Record<string, readonly string[]>> = {
  job: ['jobs.', 'threads.', 'work.'],
  fan_out: ['jobs.', 'threads.'],
  thread: ['threads.', 'jobs.list'],
  schedule: ['schedules.'],
  review: ['reviews.', 'jobs.', 'work.'],
  grant: ['grants.'],
  artifact: ['artifacts.', 'jobs.get', 'work.get'],
  killswitch: ['killswitch.', 'workers.', 'presence.', 'work.'],
  worker: ['workers.', 'presence.', 'jobs.why', 'work.'],
  presence: ['presence.', 'workers.', 'jobs.why'],
  member: ['members.'],
  session: ['sessions.'],
  passkey: ['passkeys.'],
  sign_in: ['bans.'],
  webhook: ['webhooks.'],
  device: ['devices.'],
  settings: ['settings.'],
  // Presence is sent once a second. A worker that was busy for less than that may have been read as busy, and no event would correct it.
  late: ['audit.', 'webhooks.', 'presence.', 'workers.'],
}

/** Most pages of a list that are read again at once. For longer lists, the screens read only the newest rows again. */
const mostPages = 3

export function isLong(data: unknown): boolean {
  const pages: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'pages') : undefined
  return Array.isArray(pages) && pages.length > mostPages
}

export const staleBy = (id: unknown, nouns: ReadonlySet<string>): boolean =>
  typeof id === 'string' && [...nouns].some((noun) => shownBy[noun]?.some((start) => id.startsWith(start)) === true)

/** True for the list of work of a member who takes jobs: the title counts its entries. */
export function countsWork(id: unknown, data: unknown): boolean {
  return id === 'work.list' && typeof data === 'object' && data !== null && Reflect.get(data, 'person') != null
}
