/**
 * Responsible for how a secret may be spelled in a text, and for reading a text so that every spelling of it is found: what breaks a secret up
 * without changing it is passed over, and escapes are read as what they stand for.
 */
/* oxlint-disable no-control-regex -- escape sequences are what this is about */
import { Buffer } from 'node:buffer'

/** Shorter ones would blot out ordinary text. */
export const shortest = 6

/** Line breaks with the blanks around them, also as JSON and shells spell them; colours and other sequences of a terminal; marks without a width. */
const fill = String.raw`[ \t]*(?:\r\n|\r|\n|\\r\\n|\\n)[ \t]*|\u001B\[[0-?]*[ -/]*[@-~]|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[\u00AD\u200B-\u200F\u2060\uFEFF]`
/** The beginning of such a thing, or of an escape, where the text ends for now. */
const cutOff = String.raw`(?:\u001B(?:\[[0-?]*[ -/]*|\][^\u0007\u001B]{0,256}\u001B?)?|[ \t]+|\\r?\\?)$`
const cutEscape = String.raw`(?:%[0-9A-Fa-f]?|\\(?:u[0-9A-Fa-f]{0,3}|x[0-9A-Fa-f]?)?|&(?:#(?:x?[0-9A-Fa-f]{0,7})?)?)$`
const escape = String.raw`%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|&#[xX][0-9A-Fa-f]{1,6};|&#[0-9]{1,7};|\\["'\\/]|[^\u0000-\u007F]`

const broken = new RegExp(`${fill}|${cutOff}`, 'gu')
const escaped = new RegExp(`${fill}|${cutOff}|${cutEscape}|${escape}`, 'gu')

/** A stretch of a view and where it is in the text: character for character, or as one thing. */
interface Stretch {
  readonly at: number
  readonly raw: number
  /** Of an escape: its length in the text. */
  readonly rawLength: number | undefined
}

/** A text as it is searched. */
export interface View {
  readonly text: string
  /** Where the character at this place of the view begins, and ends, in the text. */
  readonly begin: (at: number) => number
  readonly end: (at: number) => number
}

/** UTF-8 bytes, each as a character: the form in which escapes of bytes and of characters meet. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** What a matched piece stands for; nothing when it is passed over. */
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
/** Where an escape begins that the text does not hold whole; the text's length when it ends with none. */
export function halfEscapeAt(text: string): number {
  // No escape is longer.
  const from = Math.max(0, text.length - 12)
  const found = halfEscape.exec(text.slice(from))
  return found === null || found[0] === '' ? text.length : from + found.index
}

/** The text without what breaks it up. */
export const unbroken = (text: string): View => viewOf(text, broken)
/** The same with escapes read, or undefined where there is none. */
export const unescaped = (text: string): View | undefined => (/[%\\&]/.test(text) ? viewOf(text, escaped) : undefined)

/** Every spelling that is looked for in a text that is `unbroken`. */
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

/** What is looked for where escapes have been read. */
export const plainSpelling = (secret: string): string => bytesOf(unbroken(`${secret}.`).text.slice(0, -1))

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
