/**
 * Responsible for what a device has already shown and what must still be sent: which reviews and jobs wait for its member, as one notice per tag,
 * where a newer notice replaces the older. It holds only numbers, no text of users, and sends nothing.
 */
import { limits } from '@modelreins/contract'
import type { DeviceNotice } from '@modelreins/contract'

export type Tag = DeviceNotice['tag']
/** A review to decide, a job on offer, or a job in hand about which its person was reminded. */
export type Waiting = 'review' | 'offer' | 'in-hand'

export interface Note {
  readonly what: Waiting
  /** Number of the review or job. */
  readonly id: number
  /** A notice that includes this note has been sent. */
  readonly told: boolean
}

export interface Told {
  readonly notes: readonly Note[]
  /** Tags whose notice on the device is out of date, or for which a test was asked. */
  readonly stale: readonly Tag[]
}
export const nothingTold: Told = { notes: [], stale: [] }

const tagOf = ({ what }: Pick<Note, 'what'>): Tag => (what === 'review' ? 'reviews' : 'work')
const is =
  (what: Waiting, id: number) =>
  (note: Note): boolean =>
    note.what === what && note.id === id

/** Adds something that waits. Returns the same object when it is already known; `again`: a known one is sent once more. */
export function withNote(told: Told, what: Waiting, id: number, again: boolean): Told {
  const known = told.notes.find(is(what, id))
  if (known !== undefined && (!known.told || !again)) return told
  const others = told.notes.filter((note) => note !== known)
  return { ...told, notes: [...others, { what, id, told: false }].slice(-limits.device_notes) }
}

export const withStale = (told: Told, tag: Tag): Told => (told.stale.includes(tag) ? told : { ...told, stale: [...told.stale, tag] })

/**
 * Removes something that no longer waits. Returns the same object when it was not known. A notice that was sent must be replaced; one that was not
 * sent is dropped.
 */
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

/** The state after sending a notice that includes `counted`. If some of these have ended in the meantime, the notice must be replaced. */
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

/** The notice of a tag now: what kind of thing waits and for whom, without any content. */
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
