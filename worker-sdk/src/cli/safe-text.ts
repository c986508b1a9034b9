/** Responsible for text from elsewhere that is shown on a terminal: it may not move the cursor, set titles or reach the clipboard. It writes nothing. */
/* oxlint-disable no-control-regex -- control characters are what this is about */
import { stripVTControlCharacters } from 'node:util'

/** Escape sequences with a text inside (title, clipboard, links: OSC, DCS, APC, PM, SOS) go with it; the rest is what Node knows. */
const withoutSequences = (text: string): string =>
  stripVTControlCharacters(
    text.replaceAll(/(?:\u001B[\]PX^_]|[\u0090\u0098\u009D-\u009F])[^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)?/g, ''),
  )
/** Marks that turn the reading direction of what follows. */
const turning = /[\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/** One line without control characters: what jobs and workers call themselves must not move the cursor. */
export const oneLine = (text: string): string =>
  withoutSequences(text)
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replaceAll(turning, '')
    .trim()

/** Lines kept, everything else that steers a terminal taken out. */
export const manyLines = (text: string): string =>
  withoutSequences(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')

/** A sequence that the end of a piece may have cut. */
const cutSequence = /\u001B(?:\[[0-9;:?<=>]{0,64}|[\]PX^_][^\u0007\u001B]{0,2048}\u001B?|[ -/]{0,8})?$/

/**
 * Lets a job's own colours through and nothing else that a terminal obeys: no cursor movement, no title, no clipboard. A sequence that is cut
 * between two pieces waits for its end.
 */
export function terminalFilter(): (piece: string) => string {
  let held = ''
  return (piece) => {
    let text = held + piece
    held = cutSequence.exec(text)?.[0] ?? ''
    text = text.slice(0, text.length - held.length)
    return text
      .split(/(\u001B\[[0-9;:]*m)/)
      .map((part, index) => (index % 2 === 1 ? part : withoutSequences(part).replaceAll(/[^\P{Cc}\n\t\r]/gu, '')))
      .join('')
  }
}
