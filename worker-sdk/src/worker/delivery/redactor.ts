/**
 * Responsible for keeping registered secrets out of everything that leaves the machine, in every spelling that spellings.ts knows, even when a secret
 * is split by a chunk border or between two streams.
 */
import { limits } from '@modelreins/contract'
import { halfEscapeAt, plainSpelling, shortest, spellingsOf, unbroken, unescaped, type View } from './spellings.ts'

export const mark = '[redacted]'
/**
 * A possible beginning of a secret before a line break is held back only from this many characters on, because shorter ones occur at the end of many
 * lines.
 */
const worthWaiting = 4
/** How many characters of passed-on text are remembered, for a secret whose first characters were too few to hold back. */
const remembered = 64

export interface RedactedStream {
  /**
   * The text that is safe to pass on now; the rest is held until it is known whether a secret continues. `hidden`: how many characters at the
   * beginning are part of a secret.
   */
  push(text: string, hidden?: number): string
  /** The text that was still held. */
  end(): string
  /** The text that is held now. */
  readonly kept: string
  /** Marks the held text as part of a secret. */
  hideKept(): void
}

type Span = [start: number, end: number]

interface Patterns {
  /** Patterns for text without line breaks and similar interruptions (`unbroken`). */
  readonly spelled: Set<string>
  /** Patterns for text whose escapes have been decoded. */
  readonly plain: Set<string>
}

export class Redactor {
  readonly #patterns: Patterns = { spelled: new Set(), plain: new Set() }

  /** Registers a value to redact from now on. False: it is too short. */
  add(secret: string | undefined): boolean {
    const value = secret?.trim() ?? ''
    if (value.length < shortest) return false
    for (const spelling of spellingsOf(value)) this.#patterns.spelled.add(spelling)
    this.#patterns.plain.add(plainSpelling(value))
    // PEM keys are often printed line by line, so each line is registered too.
    if (value.includes('\n')) for (const line of value.split('\n')) if (line.trim().length >= 16) this.add(line)
    return true
  }

  /** Redacts a complete text. */
  redact(text: string): string {
    const stream = this.stream()
    return stream.push(text) + stream.end()
  }

  /** A JSON value with all of its texts redacted, including field names. Anything that is not JSON is unchanged, so that the schema reports it. */
  redactValue(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.redact(value)
    if (depth > limits.json_depth) return value
    if (Array.isArray(value)) return value.map((item: unknown) => this.redactValue(item, depth + 1))
    if (!isPlain(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [this.redact(name), this.redactValue(item, depth + 1)]))
  }

  /** How many characters at the start of `text` belong to a secret that another stream began in `kept`. */
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

  /** One stream per source, because a secret must not be recognised across the texts of two sources. */
  stream(): RedactedStream {
    const patterns = this.#patterns
    let past = ''
    let kept = ''
    /** How many characters at the start of `kept` belong to a secret that began earlier. */
    let covered = 0
    /** The text that was passed on last ends with a mark. A secret that overlaps it needs no second mark. */
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
      // A secret that continues after the cut, or one that was known to continue and has not ended.
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

/** All ranges of the text that a pattern matches. */
function spansIn(view: View, patterns: ReadonlySet<string>): Span[] {
  const found: Span[] = []
  for (const pattern of patterns) {
    for (let at = view.text.indexOf(pattern); at >= 0; at = view.text.indexOf(pattern, at + 1))
      found.push([view.begin(at), view.end(at + pattern.length - 1)])
  }
  return found
}

/** Merges the ranges and sorts them, from `base` on. Overlapping secrets become one range. */
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

/** Where a pattern may have begun that the buffer does not contain completely; the buffer's length when there is none. */
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

/** The last few characters of a line are not held back, because they rarely begin a secret. */
function worthKeeping(buffer: string, view: View, at: number): boolean {
  if (view.text.length - at >= worthWaiting) return true
  return !/[\r\n]/.test(buffer.slice(view.end(view.text.length - 1)))
}
