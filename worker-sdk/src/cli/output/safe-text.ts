/**
 * Responsible for text from elsewhere that is shown on a terminal: it may not move the cursor, set titles or reach the clipboard. What a
 * person reads is spelled and never left out (the contract's `shown`); only in output that streams by, escape sequences are taken out.
 */
/* oxlint-disable no-control-regex -- control characters are what this is about */
import { stripVTControlCharacters } from 'node:util'
import { shown, shownLines, withoutUnseen } from '@modelreins/contract'

/** One line for a table or a sentence: line ends and tabs become a space, everything else stays or is spelled. */
export const oneLine = (text: string): string => shown(text.replaceAll(/[ \t]*[\t\r\n]\s*/g, ' ').trim())

/** All of it, lines kept. */
export const manyLines = (text: string): string => shownLines(text.replaceAll('\r\n', '\n'))

/** Colours that this program itself sets (style.ts); text from elsewhere cannot hide anything with them. */
const ownColours = /(\u001B\[(?:1|2|22|31|32|33|36|39)m)/

/** The last net, under everything that this program writes to a terminal. */
export const guarded = (text: string): string =>
  text
    .split(ownColours)
    .map((part, index) => (index % 2 === 1 ? part : withoutUnseen(part)))
    .join('')

/** The one-character spellings of ESC and a letter (ECMA-48, C1) as those two: one form is enough to look for. */
const sevenBit = (text: string): string =>
  text.replaceAll(/[\u0080-\u009F]/g, (control) => `\u001B${String.fromCodePoint((control.codePointAt(0) ?? 0) - 0x40)}`)

/** Escape sequences with a text inside (title, clipboard, links: OSC, DCS, APC, PM, SOS) go with it; the rest is what Node knows. */
const withoutSequences = (text: string): string =>
  stripVTControlCharacters(sevenBit(text).replaceAll(/\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)?/g, ''))

/** A sequence that the end of a piece may have cut. */
const cutSequence = /\u001B(?:\[[0-9;:?<=>]{0,64}|[\]PX^_][^\u0007\u001B]{0,2048}\u001B?|[ -/]{0,8})?$/

/**
 * For output that streams by, on which nobody decides: a job's own colours pass and nothing else that a terminal obeys, no cursor movement,
 * no title, no clipboard. A sequence that is cut between two pieces waits for its end.
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

/** A carriage return stays: progress bars live by it, and the stream has passed a moment later. */
const plainPart = (part: string): string =>
  withoutSequences(part)
    .replaceAll(/[^\P{Cc}\n\t\r]/gu, '')
    .split('\r')
    .map(withoutUnseen)
    .join('\r')
