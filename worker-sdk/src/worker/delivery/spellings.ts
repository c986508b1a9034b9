/**
 * Responsible for the possible spellings of a secret in a text, and for converting a text so that each of them can be found: interruptions that do
 * not change a secret are skipped, and escapes are decoded.
 */
/* oxlint-disable no-control-regex -- escape sequences are what this is about */
import { Buffer } from 'node:buffer'

/** Shorter secrets would redact ordinary text. */
export const shortest = 6

/**
 * Interruptions: line breaks with surrounding blanks, also as JSON and shells write them; colours and other terminal sequences; characters without a
 * width.
 */
const fill = String.raw`[ \t]*(?:\r\n|\r|\n|\\r\\n|\\n)[ \t]*|\u001B\[[0-?]*[ -/]*[@-~]|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[\u00AD\u200B-\u200F\u2060\uFEFF]`
/** The beginning of an interruption or an escape at the present end of the text. */
const cutOff = String.raw`(?:\u001B(?:\[[0-?]*[ -/]*|\][^\u0007\u001B]{0,256}\u001B?)?|[ \t]+|\\r?\\?)$`
const cutEscape = String.raw`(?:%[0-9A-Fa-f]?|\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?|&(?:#(?:x?[0-9A-Fa-f]{0,7})?)?)$`
const escape = String.raw`%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|&#[xX][0-9A-Fa-f]{1,6};|&#[0-9]{1,7};|\\["'\\/]|[^\u0000-\u007F]`

const broken = new RegExp(`${fill}|${cutOff}`, 'gu')
const escaped = new RegExp(`${fill}|${cutOff}|${cutEscape}|${escape}`, 'gu')

/** A part of a view and its position in the text: copied character by character, or decoded from one escape. */
interface Stretch {
  readonly at: number
  readonly raw: number
  /** Only for an escape: its length in the text. */
  readonly rawLength: number | undefined
}

/** The converted text that is searched. */
export interface View {
  readonly text: string
  /** The position in the text at which the character of the view begins and ends. */
  readonly begin: (at: number) => number
  readonly end: (at: number) => number
}

/** The UTF-8 bytes as one character each, a common form for escapes of bytes and of characters. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** What a matched piece stands for; empty when it is skipped. */
function meaning(piece: string): string {
  const code = (digits: string, radix: number): string => {
    const point = Number.parseInt(digits, radix)
    return point <= 0x10ffff ? bytesOf(String.fromCodePoint(point)) : ''
  }
  if (/^%[0-9A-Fa-f]{2}$/.test(piece)) return String.fromCharCode(Number.parseInt(piece.slice(1), 16))
  if (/^\\u[0-9A-Fa-f]{4}$/.test(piece)) return code(piece.slice(2), 16)
  if (/^\\x[0-9A-Fa-f]{2}$/.test(piece)) return String.fromCharCode(Number.parseInt(piece.slice(2), 16))
  if (/^&#[xX][0-9A-Fa-f]+;$/.test(piece)) return code(piece.slice(3, -1), 16)
  if (/^&#\d+;$/.test(piece)) return code(piece.slice(2, -1), 10)
  if (/^\\["'\\/]$/.test(piece)) return piece.slice(1)
  return /^[^\u0000-\u007F]$/u.test(piece) && !/^[\u00AD\u200B-\u200F\u2060\uFEFF]$/.test(piece) ? bytesOf(piece) : ''
}

function viewOf(text: string, pieces: RegExp): View {
  const stretches: Stretch[] = []
  let view = ''
  let last = 0
  const take = (until: number): void => {
    if (until <= last) return
    stretches.push({ at: view.length, raw: last, rawLength: undefined })
    view += text.slice(last, until)
  }
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    if (piece === '') continue
    take(index)
    last = index + piece.length
    const stands = meaning(piece)
    if (stands === '') continue
    stretches.push({ at: view.length, raw: index, rawLength: piece.length })
    view += stands
  }
  take(text.length)
  const stretchAt = (at: number): Stretch => {
    let low = 0
    let high = stretches.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((stretches[middle]?.at ?? 0) <= at) low = middle
      else high = middle - 1
    }
    return stretches[low] ?? { at: 0, raw: 0, rawLength: undefined }
  }
  return {
    text: view,
    begin: (at) => {
      const { at: first, raw, rawLength } = stretchAt(at)
      return rawLength === undefined ? raw + at - first : raw
    },
    end: (at) => {
      const { at: first, raw, rawLength } = stretchAt(at)
      return rawLength === undefined ? raw + at - first + 1 : raw + rawLength
    },
  }
}

const halfEscape = new RegExp(cutEscape, 'u')
/** Where an incomplete escape at the end of the text begins; the text's length when there is none. */
export function halfEscapeAt(text: string): number {
  // Escapes are never longer than this.
  const from = Math.max(0, text.length - 12)
  const found = halfEscape.exec(text.slice(from))
  return found === null || found[0] === '' ? text.length : from + found.index
}

/** The text without interruptions. */
export const unbroken = (text: string): View => viewOf(text, broken)
/** The same with escapes decoded; undefined when there are none. */
export const unescaped = (text: string): View | undefined => (/[%\\&]/.test(text) ? viewOf(text, escaped) : undefined)

/** All spellings to search for in an `unbroken` text. */
export function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8')
  const url = encodeURIComponent(secret)
  const json = JSON.stringify(secret).slice(1, -1)
  const all = [
    secret,
    ...base64Spellings(bytes),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    url.replaceAll('%20', '+'),
    json,
    json.replaceAll('/', '\\/'),
    JSON.stringify(json).slice(1, -1),
    asciiJson(json),
  ]
  return all.map((one) => unbroken(`${one}.`).text.slice(0, -1)).filter((one) => one.length >= shortest)
}

/** The spelling to search for in text with decoded escapes. */
export const plainSpelling = (secret: string): string => bytesOf(unbroken(`${secret}.`).text.slice(0, -1))

const asciiJson = (json: string): string =>
  json.replaceAll(/[^\u0020-\u007e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/**
 * The base64 form alone, with and without padding; and the form inside a longer base64 text for each of the three alignments, without the characters
 * that depend on neighbouring bytes.
 */
function base64Spellings(bytes: Buffer): string[] {
  const alone = bytes.toString('base64')
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
  })
  return [alone, alone.replace(/=+$/, ''), ...inside].flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
}
