/**
 * Responsible for keeping registered secrets out of whatever leaves the machine, in every spelling that spellings.ts knows, also when a secret is
 * cut by a chunk border or between two streams.
 */
import { limits } from '@modelreins/contract'
import { halfEscapeAt, plainSpelling, shortest, spellingsOf, unbroken, unescaped, type View } from './spellings.ts'

export const mark = '[redacted]'
/** A secret that goes on behind a line break is waited for from this many characters on: the last letters of every other line are no reason to wait. */
const worthWaiting = 4
/** So much of what was passed on is remembered, for a secret whose first few characters were not worth waiting for. */
const remembered = 64

export interface RedactedStream {
  /** What is safe to pass on now; the rest is kept until it is known whether a secret goes on. `hidden`: so much of the beginning is part of one. */
  push(text: string, hidden?: number): string
  /** Whatever was kept back. */
  end(): string
  /** What is kept back. */
  readonly kept: string
  /** What is kept back turned out to be part of a secret. */
  hideKept(): void
}

type Span = [start: number, end: number]

interface Patterns {
  /** Looked for in text that is unbroken. */
  readonly spelled: Set<string>
  /** Looked for in text whose escapes have been read. */
  readonly plain: Set<string>
}

export class Redactor {
  readonly #patterns: Patterns = { spelled: new Set(), plain: new Set() }

  /** From now on this value is blotted out. False: too short to be registered. */
  add(secret: string | undefined): boolean {
    const value = secret?.trim() ?? ''
    if (value.length < shortest) return false
    for (const spelling of spellingsOf(value)) this.#patterns.spelled.add(spelling)
    this.#patterns.plain.add(plainSpelling(value))
    // Keys in PEM are printed line by line as often as whole.
    if (value.includes('\n')) for (const line of value.split('\n')) if (line.trim().length >= 16) this.add(line)
    return true
  }

  /** A whole text at once. */
  redact(text: string): string {
    const stream = this.stream()
    return stream.push(text) + stream.end()
  }

  /** A JSON value with every text in it redacted, names of fields too. What is no JSON stays as it is: its reader says what is wrong with it. */
  redactValue(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.redact(value)
    if (depth > limits.json_depth) return value
    if (Array.isArray(value)) return value.map((item: unknown) => this.redactValue(item, depth + 1))
    if (!isPlain(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [this.redact(name), this.redactValue(item, depth + 1)]))
  }

  /** A text that goes on with a secret which another stream has begun: so many characters at its start belong to it. */
  continued(kept: string, text: string): number {
    if (kept === '' || text === '') return 0
    const begun = unbroken(kept).text
    const view = unbroken(text)
    for (let at = 0; at < begun.length; at += 1) {
      const first = begun.slice(at)
      for (const pattern of this.#patterns.spelled) {
        const rest = pattern.startsWith(first) ? pattern.slice(first.length) : ''
        if (rest !== '' && view.text.startsWith(rest)) return view.end(rest.length - 1)
      }
    }
    return 0
  }

  /** One per source: texts of two sources must not be joined, or a secret would seem to run across. */
  stream(): RedactedStream {
    const patterns = this.#patterns
    let past = ''
    let kept = ''
    /** So many characters at the start of `kept` belong to a secret that began earlier. */
    let covered = 0
    /** The last character passed on stands for a secret: one that overlaps it needs no second mark. */
    let marking = false

    const advance = (text: string, hidden: number, last: boolean): string => {
      const base = past.length
      const buffer = past + kept + text
      const views = [
        { view: unbroken(buffer), wanted: patterns.spelled },
        { view: unescaped(buffer), wanted: patterns.plain },
      ].filter((one): one is { view: View; wanted: Set<string> } => one.view !== undefined)
      const known: Span[] = [
        [base, base + covered],
        [base + kept.length, base + kept.length + hidden],
      ]
      const spans = merged([...known, ...views.flatMap(({ view, wanted }) => spansIn(view, wanted))], base)
      const cut = last
        ? buffer.length
        : Math.max(base, Math.min(halfEscapeAt(buffer), ...views.map(({ view, wanted }) => openFrom(buffer, view, wanted))))
      let out = ''
      let at = base
      for (const [start, end] of spans) {
        if (start >= cut) break
        if (start > at) {
          out += buffer.slice(at, start)
          marking = false
        }
        if (!marking) out += mark
        marking = true
        at = Math.min(end, cut)
      }
      if (at < cut) {
        out += buffer.slice(at, cut)
        marking = false
      }
      // A secret that goes on behind the cut, or one that was known to go on and has not been passed yet.
      const across = spans.find(([start, end]) => start < cut && end > cut)
      covered = Math.max(covered - (cut - base), across === undefined ? 0 : across[1] - cut, 0)
      kept = buffer.slice(cut)
      past = buffer.slice(Math.max(0, cut - remembered), cut)
      return out
    }
    return {
      push: (text, hidden = 0) => (patterns.spelled.size === 0 && kept === '' ? text : advance(text, hidden, false)),
      end: () => advance('', 0, true),
      get kept() {
        return kept
      },
      hideKept: () => {
        covered = Math.max(covered, kept.length)
      },
    }
  }
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))

/** Every stretch of the text that some pattern covers. */
function spansIn(view: View, patterns: ReadonlySet<string>): Span[] {
  const found: Span[] = []
  for (const pattern of patterns) {
    for (let at = view.text.indexOf(pattern); at >= 0; at = view.text.indexOf(pattern, at + 1))
      found.push([view.begin(at), view.end(at + pattern.length - 1)])
  }
  return found
}

/** Merged and in order, from `base` on. Overlapping secrets are covered together. */
function merged(spans: readonly Span[], base: number): Span[] {
  const all: Span[] = []
  const ahead = spans.filter(([start, end]) => end > Math.max(start, base)).map(([start, end]): Span => [Math.max(start, base), end])
  for (const span of ahead.sort((left, right) => left[0] - right[0])) {
    const last = all.at(-1)
    if (last !== undefined && span[0] < last[1]) last[1] = Math.max(last[1], span[1])
    else all.push(span)
  }
  return all
}

/** Where a pattern may have begun that the buffer does not hold whole; the buffer's length when none has. */
function openFrom(buffer: string, view: View, patterns: ReadonlySet<string>): number {
  const { text } = view
  let first = text.length
  for (const pattern of patterns) {
    const head = pattern.charAt(0)
    const from = Math.max(0, text.length - pattern.length + 1)
    for (let at = text.indexOf(head, from); at >= 0 && at < first; at = text.indexOf(head, at + 1)) {
      if (pattern.startsWith(text.slice(at)) && worthKeeping(buffer, view, at)) first = at
    }
  }
  return first === text.length ? buffer.length : view.begin(first)
}

/** The few characters before a line's end are passed on: most of them begin nothing. */
function worthKeeping(buffer: string, view: View, at: number): boolean {
  if (view.text.length - at >= worthWaiting) return true
  return !/[\r\n]/.test(buffer.slice(view.end(view.text.length - 1)))
}
