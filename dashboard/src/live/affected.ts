/** Responsible for which answers an event makes stale: what is shown of the noun that it is about. It asks nobody. */

/** Operations, by how their names begin, that show what these nouns say. Presence has no row of the audit trail and comes by itself. */
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
  // Presence is told once a second: a worker that was busy for less was read as busy, and nobody would say otherwise.
  late: ['audit.', 'webhooks.', 'presence.', 'workers.'],
}

/** Pages that were read one after the other: many of them are not read again at once, their screens watch the newest rows instead. */
const mostPages = 3

export function isLong(data: unknown): boolean {
  const pages: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'pages') : undefined
  return Array.isArray(pages) && pages.length > mostPages
}

export const staleBy = (id: unknown, nouns: ReadonlySet<string>): boolean =>
  typeof id === 'string' && [...nouns].some((noun) => shownBy[noun]?.some((start) => id.startsWith(start)) === true)

/** The list of work of a member who takes jobs: what the title counts of it. */
export function countsWork(id: unknown, data: unknown): boolean {
  return id === 'work.list' && typeof data === 'object' && data !== null && Reflect.get(data, 'person') != null
}
