/**
 * Responsible for keeping registered secrets out of whatever leaves the machine: in plain, base64, hex, URL and JSON spelling,
 * also when a secret is cut by a chunk border. It knows no job and sends nothing.
 */
import { Buffer } from 'node:buffer'

export const mark = '[redacted]'
/** Shorter ones would blot out ordinary text. */
const shortest = 6

export interface RedactedStream {
  /** What is safe to pass on now; the rest is kept until it is known whether a secret goes on. */
  push(text: string): string
  /** Whatever was kept back. */
  end(): string
}

export class Redactor {
  readonly #patterns = new Set<string>()

  /** From now on this value is blotted out. False: too short to be registered. */
  add(secret: string | undefined): boolean {
    const value = secret?.trim() ?? ''
    if (value.length < shortest) return false
    for (const spelling of spellingsOf(value)) if (spelling.length >= shortest) this.#patterns.add(spelling)
    // Keys in PEM are printed line by line as often as whole.
    if (value.includes('\n')) for (const line of value.split('\n')) if (line.trim().length >= 16) this.add(line)
    return true
  }

  /** A whole text at once. */
  redact(text: string): string {
    const stream = this.stream()
    return stream.push(text) + stream.end()
  }

  /** One per source: texts of two sources must not be joined, or a secret would seem to run across. */
  stream(): RedactedStream {
    const patterns = this.#patterns
    let kept = ''
    /** So many characters at the start of `kept` belong to a secret that began earlier. */
    let covered = 0
    /** The last character passed on stands for a secret: one that overlaps it needs no second mark. */
    let marking = false

    const advance = (text: string, cutAt: (buffer: string) => number): string => {
      const buffer = kept + text
      const spans = spansIn(buffer, patterns, covered)
      const cut = cutAt(buffer)
      let out = ''
      let at = 0
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
      covered = Math.max(covered - cut, across === undefined ? 0 : across[1] - cut, 0)
      kept = buffer.slice(cut)
      return out
    }
    return {
      push: (text) => (patterns.size === 0 && kept === '' ? text : advance(text, (buffer) => firstOpenPrefix(buffer, patterns))),
      end: () => advance('', (buffer) => buffer.length),
    }
  }
}

/** Every stretch that some pattern covers, merged and in order. Overlapping secrets are covered together. */
function spansIn(buffer: string, patterns: ReadonlySet<string>, covered: number): [number, number][] {
  const found: [number, number][] = covered > 0 ? [[0, covered]] : []
  for (const pattern of patterns) {
    for (let at = buffer.indexOf(pattern); at >= 0; at = buffer.indexOf(pattern, at + 1)) found.push([at, at + pattern.length])
  }
  found.sort((left, right) => left[0] - right[0])
  const merged: [number, number][] = []
  for (const span of found) {
    const last = merged.at(-1)
    if (last !== undefined && span[0] < last[1]) last[1] = Math.max(last[1], span[1])
    else merged.push(span)
  }
  return merged
}

/** Where a pattern may have begun that the buffer does not hold whole; the buffer's length when none has. */
function firstOpenPrefix(buffer: string, patterns: ReadonlySet<string>): number {
  let first = buffer.length
  for (const pattern of patterns) {
    const head = pattern.charAt(0)
    for (
      let at = buffer.indexOf(head, Math.max(0, buffer.length - pattern.length + 1));
      at >= 0 && at < first;
      at = buffer.indexOf(head, at + 1)
    ) {
      if (pattern.startsWith(buffer.slice(at))) first = at
    }
  }
  return first
}

function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8')
  const url = encodeURIComponent(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  return [
    secret,
    ...base64Spellings(bytes),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    url.replaceAll('%20', '+'),
    json,
    json.replaceAll('/', '\\/'),
    JSON.stringify(json).slice(1, -1),
    asciiJson(json),
  ]
}

const asciiJson = (json: string): string =>
  json.replaceAll(/[^\u0020-\u007e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/**
 * By itself, padded or not; and inside a longer base64 text, where it shows in one of three alignments: the characters that mix
 * with its neighbours are left out.
 */
function base64Spellings(bytes: Buffer): string[] {
  const alone = bytes.toString('base64')
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
  })
  return [alone, alone.replace(/=+$/, ''), ...inside].flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
}
