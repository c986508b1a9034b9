/**
 * Responsible for showing the output of several workers side by side on a terminal: one column each, redrawn from the last rows down as output
 * arrives. Rows that all columns have passed scroll away and are not changed. Foreign text cannot control the terminal, not even its colours.
 */
import { stripVTControlCharacters } from 'node:util'
import type { Environment } from '../../worker/settings/options.ts'
import type { Sink } from '../system.ts'
import { terminalFilter } from './safe-text.ts'
import { columnsOf, wrapped, type Style } from './style.ts'

/** With narrower columns most lines would be broken. */
const narrowest = 24
const between = ' │ '
/** Maximum number of rows that are redrawn. When a worker is further ahead, the oldest rows scroll away. */
const mostRows = 12
/** A longer line is broken here. */
const longestLine = 2_000

interface Cell {
  readonly text: string
  /** Text of this program, not of the worker. */
  readonly own?: true
}
type Row = (Cell | undefined)[]

interface Column {
  readonly name: string
  readonly clean: (piece: string) => string
  /** The next row of the region to write. */
  next: number
  /** A line that has not ended yet. */
  open: string
}

const columnWidth = (columns: number, count: number): number => Math.floor((columns - 1 - between.length * (count - 1)) / count)

/** Whether the terminal can move its cursor and has room for this many columns. */
export const fitsSideBySide = (sink: Sink, env: Environment, count: number): boolean =>
  count > 1 && sink.isTerminal && env['TERM'] !== 'dumb' && columnWidth(sink.columns, count) >= narrowest

/** What a progress bar finally shows. */
const lastWritten = (line: string): string => line.replace(/\r+$/, '').split('\r').at(-1) ?? ''

export class SideBySide {
  readonly #sink: Sink
  readonly #style: Style
  readonly #columns: readonly Column[]
  readonly #height: number
  #width: number
  #region: Row[]
  #passed: Row[] = []
  /** Number of rows of the region that are on the terminal; the cursor is below them. */
  #drawn = 0
  #headed = false

  constructor(sink: Sink, style: Style, names: readonly string[]) {
    this.#sink = sink
    this.#style = style
    this.#width = columnWidth(sink.columns, names.length)
    this.#height = Math.max(1, Math.min(mostRows, (sink.rows ?? 24) - 3))
    this.#region = this.#emptyRegion()
    this.#columns = names.map((name) => {
      const filter = terminalFilter()
      return { name, clean: (piece) => stripVTControlCharacters(filter(piece)).replaceAll('\t', '  '), next: 0, open: '' }
    })
  }

  takes(name: string): boolean {
    return this.#columns.some((column) => column.name === name)
  }

  /** Output of a worker, in pieces of any size. */
  write(name: string, text: string): void {
    const column = this.#columns.find((one) => one.name === name)
    if (column === undefined) return
    this.#measure()
    const lines = (column.open + column.clean(text)).split('\n')
    column.open = lines.pop() ?? ''
    for (const line of lines) this.#put(column, { text: lastWritten(line) })
    if (column.open.length > longestLine) this.#end(column)
    this.#draw()
  }

  /** Writes a line about a worker. */
  say(name: string, text: string): void {
    const column = this.#columns.find((one) => one.name === name)
    if (column === undefined) return
    this.#measure()
    this.#end(column)
    this.#put(column, { text, own: true })
    this.#draw()
  }

  /** Completes all columns, so that other text can be written below. */
  settle(): void {
    for (const column of this.#columns) this.#end(column)
    if (this.#headed) this.#draw()
    this.#drawn = 0
    this.#region = this.#emptyRegion()
    for (const column of this.#columns) column.next = 0
  }

  /** The width of the terminal has changed: existing rows stay, and output continues below in the new width. */
  #measure(): void {
    const width = Math.max(1, columnWidth(this.#sink.columns, this.#columns.length))
    if (width === this.#width) return
    this.settle()
    this.#width = width
    this.#headed = false
  }

  #emptyRegion(): Row[] {
    return Array.from({ length: this.#height }, () => [])
  }

  #end(column: Column): void {
    const { open } = column
    column.open = ''
    if (lastWritten(open) !== '') this.#put(column, { text: lastWritten(open) })
  }

  #put(column: Column, cell: Cell): void {
    for (const text of wrapped(cell.text, this.#width)) {
      this.#makeRoom(column)
      const row = this.#region[column.next]
      if (row !== undefined) row[this.#columns.indexOf(column)] = { ...cell, text }
      column.next += 1
    }
  }

  /** All columns have passed the topmost row: it is drawn once more and scrolls away. */
  #makeRoom(column: Column): void {
    while (column.next >= this.#height) {
      this.#passed.push(this.#region.shift() ?? [])
      this.#region.push([])
      for (const one of this.#columns) one.next = Math.max(0, one.next - 1)
    }
  }

  #lineOf(row: Row): string {
    const cells = this.#columns.map((_, index) => {
      const { text = '', own } = row[index] ?? {}
      const gap = ' '.repeat(Math.max(0, this.#width - columnsOf(text)))
      return (own === true ? this.#style.dim(text) : text) + gap
    })
    return cells.join(this.#style.dim(between)).trimEnd()
  }

  #draw(): void {
    for (const column of this.#columns) if (column.open !== '') this.#makeRoom(column)
    const shown = Math.max(...this.#columns.map((column) => column.next + (column.open === '' ? 0 : 1)))
    const region = this.#region
      .slice(0, shown)
      .map((row, at) =>
        this.#columns.map((column, index) =>
          column.open !== '' && column.next === at ? { text: wrapped(lastWritten(column.open), this.#width).at(-1) ?? '' } : row[index],
        ),
      )
    const header = this.#headed
      ? []
      : [this.#lineOf(this.#columns.map(({ name }) => ({ text: wrapped(name, this.#width)[0] ?? '', own: true })))]
    const lines = [...header, ...[...this.#passed, ...region].map((row) => this.#lineOf(row))]
    const back = this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A\r`
    if (lines.length > 0) this.#sink.write(`${back}${lines.map((line) => `${line}\u001B[K\n`).join('')}`)
    this.#headed = true
    this.#passed = []
    this.#drawn = region.length
  }
}
