/**
 * Responsible for displaying foreign text on a terminal safely: it must not move the cursor, set titles or use the clipboard. Text that a person
 * reads is escaped and never left out (the contract's `shown`); only in streamed output are escape sequences removed.
 */
/* oxlint-disable no-control-regex -- control characters are what this is about */
import { stripVTControlCharacters } from 'node:util'
import { shown, shownLines, withoutUnseen } from '@modelreins/contract'

/** One line for a table or a sentence: line ends and tabs become a space, everything else is kept or escaped. */
export const oneLine = (text: string): string => shown(text.replaceAll(/[ \t]*[\t\r\n]\s*/g, ' ').trim())

/** The complete text with its line breaks. */
export const manyLines = (text: string): string => shownLines(text.replaceAll('\r\n', '\n'))

/** Colours that this program sets itself (style.ts). Foreign text cannot hide anything with them. */
const ownColours = /(\u001B\[(?:1|2|22|31|32|33|36|39)m)/

/** The last protection for everything that this program writes to a terminal. */
export const guarded = (text: string): string =>
  text
    .split(ownColours)
    .map((part, index) => (index % 2 === 1 ? part : withoutUnseen(part)))
    .join('')

/** Replaces the one-character forms of ESC and a letter (ECMA-48, C1) with two characters, so that only one form must be searched for. */
const sevenBit = (text: string): string =>
  text.replaceAll(/[\u0080-\u009F]/g, (control) => `\u001B${String.fromCodePoint((control.codePointAt(0) ?? 0) - 0x40)}`)

/** Escape sequences that contain text (title, clipboard, links: OSC, DCS, APC, PM, SOS) are removed with that text. Node removes the others. */
const withoutSequences = (text: string): string =>
  stripVTControlCharacters(sevenBit(text).replaceAll(/\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)?/g, ''))

/** An escape sequence that may be cut off at the end of a piece. */
const cutSequence = /\u001B(?:\[[0-9;:?<=>]{0,64}|[\]PX^_][^\u0007\u001B]{0,2048}\u001B?|[ -/]{0,8})?$/

/**
 * For streamed output, on which no decision is based: the job's own colours are kept, and every other escape sequence is removed (cursor movement,
 * title, clipboard). A sequence that is split between two pieces is held until its end arrives.
 */
export function terminalFilter(): (piece: string) => string {
  let held = ''
  return (piece) => {
    let text = held + sevenBit(piece)
    held = cutSequence.exec(text)?.[0] ?? ''
    text = text.slice(0, text.length - held.length)
    return text
      .split(/(\u001B\[[0-9;:]*m)/)
      .map((part, index) => (index % 2 === 1 ? part : plainPart(part)))
      .join('')
  }
}

/** A carriage return is kept, because progress bars need it and streamed output is only displayed briefly. */
const plainPart = (part: string): string =>
  withoutSequences(part)
    .replaceAll(/[^\P{Cc}\n\t\r]/gu, '')
    .split('\r')
    .map(withoutUnseen)
    .join('\r')
