/**
 * Responsible for what a device has been told and has still to be told: which reviews and jobs wait for its member, one notice per tag, a newer in
 * place of the older. It holds numbers, no words of anybody, and sends nothing.
 */
import { limits } from '@modelreins/contract'
import type { DeviceNotice } from '@modelreins/contract'

export type Tag = DeviceNotice['tag']
/** A review to decide, a job on offer, or a job in hand whose person was reminded. */
export type Waiting = 'review' | 'offer' | 'in-hand'

export interface Note {
  readonly what: Waiting
  /** Number of the review or job. */
  readonly id: number
  /** The notice that counts it has been sent. */
  readonly told: boolean
}

export interface Told {
  readonly notes: readonly Note[]
  /** What the device shows under these tags is not so any more; or a test was asked for. */
  readonly stale: readonly Tag[]
}
export const nothingTold: Told = { notes: [], stale: [] }

const tagOf = ({ what }: Pick<Note, 'what'>): Tag => (what === 'review' ? 'reviews' : 'work')
const is =
  (what: Waiting, id: number) =>
  (note: Note): boolean =>
    note.what === what && note.id === id

/** With one more thing that waits; the very same when it is known. `again`: a known one is told once more. */
export function withNote(told: Told, what: Waiting, id: number, again: boolean): Told {
  const known = told.notes.find(is(what, id))
  if (known !== undefined && (!known.told || !again)) return told
  const others = told.notes.filter((note) => note !== known)
  return { ...told, notes: [...others, { what, id, told: false }].slice(-limits.device_notes) }
}

export const withStale = (told: Told, tag: Tag): Told => (told.stale.includes(tag) ? told : { ...told, stale: [...told.stale, tag] })

/** Without something that waits no longer; the very same when it was not known. What was shown must be replaced; what was not is never told. */
export function withoutNote(told: Told, what: Waiting, id: number): Told {
  const known = told.notes.find(is(what, id))
  if (known === undefined) return told
  const left = { ...told, notes: told.notes.filter((note) => note !== known) }
  return known.told ? withStale(left, tagOf(known)) : left
}

export const notesUnder = (told: Told, tag: Tag): readonly Note[] => told.notes.filter((note) => tagOf(note) === tag)

/** Tags under which there is something to send. */
export const unsent = (told: Told): readonly Tag[] =>
  (['test', 'reviews', 'work'] as const).filter((tag) => told.stale.includes(tag) || notesUnder(told, tag).some((note) => !note.told))

/** Once a notice that counts `counted` was sent; what ended meanwhile has to be replaced. */
export function afterSending(told: Told, tag: Tag, counted: readonly Note[]): Told {
  const isCounted = (note: Note): boolean => counted.some(is(note.what, note.id))
  const after: Told = {
    notes: told.notes.map((note) => (isCounted(note) ? { ...note, told: true } : note)),
    stale: told.stale.filter((one) => one !== tag),
  }
  return counted.every(({ what, id }) => told.notes.some(is(what, id))) ? after : withStale(after, tag)
}

const many = (count: number): string => (count >= limits.device_notes ? `${count} or more` : String(count))
const words = (count: number, one: string, several: string): string => (count === 1 ? one : `${many(count)} ${several}`)

/** What is said under a tag now: what kind of thing waits, and for whom; nothing of what it is about. */
export function noticeOf(told: Told, tag: Tag, about: { readonly member: string; readonly tenant: string }): DeviceNotice {
  const notes = notesUnder(told, tag)
  const count = (what: Waiting): number => notes.filter((note) => note.what === what).length
  const whom = `For ${about.member} in ${about.tenant}`
  if (tag === 'test')
    return { tag, title: 'Notifications reach this device', body: whom, path: '/settings?tab=notifications', quiet: false }
  const place = tag === 'reviews' ? '/reviews' : '/work'
  const reviews = words(count('review'), 'A review waits for your decision', 'reviews wait for your decision')
  const offers = words(count('offer'), 'A job is on offer to you', 'jobs are on offer to you')
  const inHand = words(count('in-hand'), 'A job in your hands goes back to the queue soon', 'jobs in your hands go back to the queue soon')
  const said = tag === 'reviews' ? [reviews] : [...(count('in-hand') > 0 ? [inHand] : []), ...(count('offer') > 0 ? [offers] : [])]
  const none = tag === 'reviews' ? 'No review waits for your decision any more' : 'No job waits for you any more'
  const [title = none, ...more] = notes.length === 0 ? [none] : said
  const [only] = notes
  return {
    tag,
    title,
    body: [...more, whom].join('. '),
    path: notes.length === 1 && only !== undefined ? `${place}/${only.id}` : place,
    quiet: notes.every((note) => note.told),
  }
}
