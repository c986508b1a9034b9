/** Responsible for text from elsewhere that is shown on a terminal: it may not move the cursor, set titles or reach the clipboard. It writes nothing. */
/* oxlint-disable no-control-regex -- control characters are what this is about */
import { stripVTControlCharacters } from 'node:util'

/** The one-character spellings of ESC and a letter (ECMA-48, C1) as those two: one form is enough to look for. */
const sevenBit = (text: string): string =>
  text.replaceAll(/[\u0080-\u009F]/g, (control) => `\u001B${String.fromCodePoint((control.codePointAt(0) ?? 0) - 0x40)}`)

/** Escape sequences with a text inside (title, clipboard, links: OSC, DCS, APC, PM, SOS) go with it; the rest is what Node knows. */
const withoutSequences = (text: string): string =>
  stripVTControlCharacters(sevenBit(text).replaceAll(/\u001B[\]PX^_][^\u0007\u001B]*(?:\u0007|\u001B\\)?/g, ''))
/** Marks that turn the reading direction: what a reviewer reads must be what runs, so they are made visible. */
const showTurning = (text: string): string =>
  text.replaceAll(/[\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, (mark) => `<U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase()}>`)

/** One line without control characters: what jobs and workers call themselves must not move the cursor. */
export const oneLine = (text: string): string => showTurning(withoutSequences(text).replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')).trim()

/** Lines kept, everything else that steers a terminal taken out. */
export const manyLines = (text: string): string =>
  showTurning(
    withoutSequences(text)
      .replaceAll(/\r\n?/g, '\n')
      .replaceAll(/[^\P{Cc}\n\t]/gu, ''),
  )

/** A sequence that the end of a piece may have cut. */
const cutSequence = /\u001B(?:\[[0-9;:?<=>]{0,64}|[\]PX^_][^\u0007\u001B]{0,2048}\u001B?|[ -/]{0,8})?$/

/**
 * Lets a job's own colours through and nothing else that a terminal obeys: no cursor movement, no title, no clipboard. A sequence that is cut
 * between two pieces waits for its end.
 */
export function terminalFilter(): (piece: string) => string {
  let held = ''
  return (piece) => {
    let text = held + sevenBit(piece)
    held = cutSequence.exec(text)?.[0] ?? ''
    text = text.slice(0, text.length - held.length)
    return text
      .split(/(\u001B\[[0-9;:]*m)/)
      .map((part, index) => (index % 2 === 1 ? part : showTurning(withoutSequences(part).replaceAll(/[^\P{Cc}\n\t\r]/gu, ''))))
      .join('')
  }
}
