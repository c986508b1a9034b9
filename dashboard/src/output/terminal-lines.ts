/**
 * Responsible for what a terminal would show of a stream of text: lines, carriage returns, colours. It draws nothing, keeps each line once, and
 * ignores sequences that would act outside the output (cursor addressing, titles, links).
 */

export interface Style {
  /** 0 to 255, or `#rrggbb`; undefined: the terminal's default. */
  readonly fg: number | string | undefined
  readonly bg: number | string | undefined
  readonly bold: boolean
  readonly faint: boolean
  readonly italic: boolean
  readonly underline: boolean
  readonly inverse: boolean
}

export interface Piece {
  readonly text: string
  readonly style: Style
}

export type Origin = 'stdout' | 'stderr' | 'system' | 'gap'

export interface TerminalLine {
  /** The text as written, without its line feed. */
  readonly text: string
  readonly origin: Origin
  /** The style at the beginning of the line. */
  readonly style: Style
  /** The line was too long: the next line is its rest. */
  readonly wrapped?: boolean
}

/** Most characters of a line as written, escapes included; the rest becomes the next line. This bounds the work per line. */
const lineChars = 4_000

export const plainStyle: Style = {
  fg: undefined,
  bg: undefined,
  bold: false,
  faint: false,
  italic: false,
  underline: false,
  inverse: false,
}

/** CSI sequences, OSC sequences with their end, other two-character escapes, and an escape that is cut off. */
const escapes =
  // oxlint-disable-next-line no-control-regex -- escapes are what this reads
  /\u001b\[([0-9;:?<=>]*)([ -/]*[@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b[PX^_][^\u001b]*(?:\u001b\\|$)|\u001b[ -/]*[0-~]?/g

function colour(codes: readonly number[], at: number): { readonly value: number | string | undefined; readonly used: number } {
  if (codes[at + 1] === 5) return { value: codes[at + 2], used: 2 }
  if (codes[at + 1] !== 2) return { value: undefined, used: 0 }
  const [red = 0, green = 0, blue = 0] = codes.slice(at + 2, at + 5)
  const hex = (value: number): string => Math.min(255, value).toString(16).padStart(2, '0')
  return { value: `#${hex(red)}${hex(green)}${hex(blue)}`, used: 4 }
}

/** Select graphic rendition, ECMA-48 8.3.117. */
export function rendition(parameters: string, before: Style): Style {
  const codes = (parameters === '' ? '0' : parameters).split(/[;:]/).map((code) => Number(code) || 0)
  let style = before
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0
    if (code === 0) style = plainStyle
    else if (code === 1) style = { ...style, bold: true }
    else if (code === 2) style = { ...style, faint: true }
    else if (code === 3) style = { ...style, italic: true }
    else if (code === 4) style = { ...style, underline: true }
    else if (code === 7) style = { ...style, inverse: true }
    else if (code === 22) style = { ...style, bold: false, faint: false }
    else if (code === 23) style = { ...style, italic: false }
    else if (code === 24) style = { ...style, underline: false }
    else if (code === 27) style = { ...style, inverse: false }
    else if (code >= 30 && code <= 37) style = { ...style, fg: code - 30 }
    else if (code >= 40 && code <= 47) style = { ...style, bg: code - 40 }
    else if (code >= 90 && code <= 97) style = { ...style, fg: code - 82 }
    else if (code >= 100 && code <= 107) style = { ...style, bg: code - 92 }
    else if (code === 39) style = { ...style, fg: undefined }
    else if (code === 49) style = { ...style, bg: undefined }
    else if (code === 38 || code === 48) {
      const { value, used } = colour(codes, at)
      style = code === 38 ? { ...style, fg: value } : { ...style, bg: value }
      at += used
    }
  }
  return style
}

/** The style in force after this text. */
export function styleAfter(text: string, before: Style): Style {
  if (!text.includes('\u001b')) return before
  let style = before
  for (const [, parameters, final] of text.matchAll(escapes)) if (final === 'm') style = rendition(parameters ?? '', style)
  return style
}

/** The pieces to draw of a line, at most `limit` characters, and how many characters were left out. */
export function piecesOf(line: TerminalLine, limit = lineChars): { readonly pieces: readonly Piece[]; readonly left: number } {
  let cells: { letter: string; style: Style }[] = []
  let column = 0
  let style = line.style
  let left = 0
  const put = (text: string): void => {
    for (const letter of text) {
      if (letter === '\r') column = 0
      else if (letter === '\b') column = Math.max(0, column - 1)
      else if (letter === '\t') {
        do {
          cells[column] = { letter: ' ', style }
          column += 1
        } while (column % 8 !== 0)
      } else if (letter < ' ') continue
      else if (column >= limit) left += 1
      else {
        cells[column] = { letter, style }
        column += 1
      }
    }
  }
  let from = 0
  const { text } = line
  for (const match of text.matchAll(escapes)) {
    put(text.slice(from, match.index))
    from = match.index + match[0].length
    const [, parameters, final] = match
    if (final === 'm') style = rendition(parameters ?? '', style)
    else if (final === 'K') {
      if (parameters === '2') cells = []
      else if (parameters === '1') for (let at = 0; at <= column; at += 1) cells[at] = { letter: ' ', style: plainStyle }
      else cells.length = Math.min(cells.length, column)
    } else if (final === 'G') column = Math.min(limit, Math.max(0, (Number(parameters) || 1) - 1))
    else if (final === 'C') column = Math.min(limit, column + (Number(parameters) || 1))
    else if (final === 'D') column = Math.max(0, column - (Number(parameters) || 1))
  }
  put(text.slice(from))
  const pieces: { text: string; style: Style }[] = []
  for (let at = 0; at < cells.length; at += 1) {
    const cell = cells[at] ?? { letter: ' ', style: plainStyle }
    const last = pieces.at(-1)
    if (last !== undefined && last.style === cell.style) last.text += cell.letter
    else pieces.push({ text: cell.letter, style: cell.style })
  }
  return { pieces, left }
}

/** A line without escapes, for searching and copying. */
export const bareText = (text: string): string => {
  const bare = text.replaceAll(escapes, '')
  const last = bare.replace(/\r+$/, '').lastIndexOf('\r')
  return last === -1 ? bare.replace(/\r+$/, '') : bare.slice(last + 1).replace(/\r+$/, '')
}

/** Several lines as plain text: without colours, and only the last version of overwritten text. */
export const prose = (text: string): string =>
  text.includes('\u001b') || text.includes('\r') ? text.split('\n').map(bareText).join('\n') : text

/** An escape that has begun and not ended, or half of a character: it belongs to what comes next. */
// oxlint-disable-next-line no-control-regex -- escapes are what this reads
const unfinished = /(?:\u001b(?:\[[0-9;:?<=>]*[ -/]*|\][^\u0007\u001b]*|[PX^_][^\u001b]*|[ -/]*)|[\ud800-\udbff])$/

/**
 * The lines of one attempt as they arrive. The result does not depend on how the text was split into chunks: a line takes one character after
 * another, and when it is full, overwritten text is dropped or the line is wrapped.
 */
export class TerminalLines {
  readonly lines: TerminalLine[] = []
  /** The style at the end of the last closed line. */
  #style: Style = plainStyle
  #open: TerminalLine | undefined
  /** Characters in all. */
  size = 0

  push(text: string, origin: Origin): void {
    this.size += text.length
    // Standard error in the middle of a line of standard output starts a line of its own.
    if (this.#open !== undefined && this.#open.origin !== origin) this.#close()
    let from = 0
    while (from < text.length) {
      const feed = text.indexOf('\n', from)
      const end = feed === -1 ? text.length : feed
      while (from < end) from = this.#take(text, from, end, origin)
      if (feed === -1) return
      if (this.#open === undefined) this.#begin('', origin)
      this.#close()
      from = feed + 1
    }
  }

  /** Adds to the open line as much as fits; returns the index at which the rest begins. */
  #take(text: string, from: number, end: number, origin: Origin): number {
    const open = this.#open ?? this.#begin('', origin)
    const room = lineChars - open.text.length
    if (room > 0) {
      const to = Math.min(end, from + room)
      this.#set({ ...open, text: open.text + text.slice(from, to) })
      return to
    }
    // A progress bar overwrites its line thousands of times.
    const overwritten = open.text.lastIndexOf('\r', open.text.lastIndexOf('\r', lineChars - 2) - 1) + 1
    if (overwritten > 0) {
      const style = styleAfter(open.text.slice(0, overwritten), open.style)
      this.#set({ ...open, style, text: open.text.slice(overwritten) })
      return from
    }
    const cut = unfinished.exec(open.text)?.index ?? 0
    const kept = cut === 0 ? open.text : open.text.slice(0, cut)
    this.#set({ ...open, text: kept, wrapped: true })
    this.#close()
    this.#begin(open.text.slice(kept.length), origin)
    return from
  }

  #begin(text: string, origin: Origin): TerminalLine {
    const line: TerminalLine = { text, origin, style: this.#style }
    this.lines.push(line)
    this.#open = line
    return line
  }

  #set(line: TerminalLine): void {
    this.lines[this.lines.length - 1] = line
    this.#open = line
  }

  #close(): void {
    if (this.#open !== undefined) this.#style = styleAfter(this.#open.text, this.#open.style)
    this.#open = undefined
  }

  gap(from: number, to: number): void {
    this.#close()
    this.lines.push({ text: `${to - from + 1} pieces of output are missing here (${from} to ${to})`, origin: 'gap', style: plainStyle })
  }

  text(): string {
    return this.lines
      .map((line, index) => {
        const text = line.origin === 'gap' ? `[${line.text}]` : bareText(line.text)
        return line.wrapped === true || index === this.lines.length - 1 ? text : `${text}\n`
      })
      .join('')
  }
}
