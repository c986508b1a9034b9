/** Responsible for colours and for the display width of text. */
import { stripVTControlCharacters } from 'node:util'

export type Paint = (text: string) => string
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
}

const paint =
  (open: number, close: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001B[${open}m${text}\u001B[${close}m`
const plain: Paint = (text) => text

const colours: Style = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  red: paint(31, 39),
  green: paint(32, 39),
  yellow: paint(33, 39),
  cyan: paint(36, 39),
}
const none: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain }

/** No colours with NO_COLOR (no-color.org) and on dumb terminals; FORCE_COLOR enables them in a pipe. */
export function styleFor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Style {
  if (env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '') return none
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '' && env['FORCE_COLOR'] !== '0'
  return forced || (isTerminal && env['TERM'] !== 'dumb') ? colours : none
}

/** Approximate ranges of code points that take two columns: East Asian wide characters and emoji (Unicode Standard Annex #11). */
const isWide = (point: number): boolean =>
  (point >= 0x1100 && point <= 0x115f) ||
  (point >= 0x2e80 && point <= 0xa4cf) ||
  (point >= 0xac00 && point <= 0xd7a3) ||
  (point >= 0xf900 && point <= 0xfaff) ||
  (point >= 0xfe30 && point <= 0xfe6f) ||
  (point >= 0xff00 && point <= 0xff60) ||
  (point >= 0xffe0 && point <= 0xffe6) ||
  (point >= 0x1f300 && point <= 0x1faff) ||
  (point >= 0x20000 && point <= 0x3fffd)

const widthOf = (character: string): number => {
  const point = character.codePointAt(0) ?? 0
  return /\p{Mark}|\u200D/u.test(character) ? 0 : isWide(point) ? 2 : 1
}

/** Display width of a text in columns, without escape sequences. */
export const columnsOf = (text: string): number =>
  [...stripVTControlCharacters(text)].reduce((sum, character) => sum + widthOf(character), 0)

/** Cuts text to at most this many columns, with an ellipsis if something was cut. The text must not contain escape sequences. */
export function clip(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text
  let used = 0
  let kept = ''
  for (const character of text) {
    used += widthOf(character)
    if (used > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

/**
 * Splits text into pieces of at most this many columns; an empty text is one empty piece. The text must not contain escape sequences or line breaks.
 */
export function wrapped(text: string, columns: number): readonly string[] {
  const pieces: string[] = []
  let [piece, used] = ['', 0]
  for (const character of text) {
    const width = widthOf(character)
    if (used + width > columns && piece !== '') {
      pieces.push(piece)
      piece = ''
      used = 0
    }
    piece += character
    used += width
  }
  return [...pieces, piece]
}
