/**
 * Responsible for how a command's answer is written: for people on a terminal, for programs in a pipe, or as JSON. Data goes to standard output,
 * everything else to standard error.
 */
import { shownJson } from '@modelreins/contract'
import { guarded, oneLine } from './safe-text.ts'
import { clip, columnsOf, styleFor, type Paint, type Style } from './style.ts'
import type { System } from '../system.ts'

export interface Column<Row> {
  readonly title: string
  /** The plain text of one cell, which is also what a pipe gets. */
  readonly cell: (row: Row) => string
  /** Used instead of `cell` on a terminal. */
  readonly human?: (row: Row) => string
  readonly paint?: (row: Row, style: Style) => Paint
  readonly right?: true
  /** This column gets the remaining width and is cut to it. */
  readonly wide?: true
}

export class Presenter {
  readonly json: boolean
  /** Standard output is a terminal. */
  readonly human: boolean
  readonly style: Style
  readonly errorStyle: Style
  readonly #system: System

  constructor(system: System, options: { readonly json?: boolean } = {}) {
    this.#system = system
    this.json = options.json === true
    this.human = system.stdout.isTerminal && !this.json
    this.style = styleFor(this.human, this.json ? { NO_COLOR: '1' } : system.env)
    this.errorStyle = styleFor(system.stderr.isTerminal, system.env)
  }

  /** Writes text unchanged to standard output. */
  write(text: string): void {
    this.#system.stdout.write(text)
  }

  line(text = ''): void {
    this.#system.stdout.write(`${this.#system.stdout.isTerminal ? guarded(text) : text}\n`)
  }

  value(value: unknown): void {
    this.#system.stdout.write(`${shownJson(value, this.#system.stdout.isTerminal ? 2 : undefined)}\n`)
  }

  /** A message for a person; not written when standard error is not a terminal. */
  note(text: string): void {
    if (this.#system.stderr.isTerminal) this.warn(text)
  }

  warn(text: string): void {
    this.#system.stderr.write(`${guarded(text)}\n`)
  }

  /** Writes text unchanged to standard error. */
  aside(text: string): void {
    this.#system.stderr.write(text)
  }

  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): void {
    if (!this.human) {
      for (const row of rows) this.line(columns.map((column) => oneLine(column.cell(row))).join('\t'))
      return
    }
    const cells = rows.map((row) => columns.map((column) => oneLine((column.human ?? column.cell)(row))))
    const widths = columns.map((column, index) => Math.max(column.title.length, ...cells.map((line) => columnsOf(line[index] ?? ''))))
    const wide = columns.findIndex((column) => column.wide === true)
    const others = widths.reduce((sum, width, index) => (index === wide ? sum : sum + width + 2), 0)
    if (wide !== -1) widths[wide] = Math.min(widths[wide] ?? 0, Math.max(10, this.#system.stdout.columns - others - 1))
    const layout = (line: readonly string[], painted: (text: string, index: number) => string): string =>
      line
        .map((text, index) => {
          const cut = clip(text, widths[index] ?? 0)
          const gap = ' '.repeat(Math.max(0, (widths[index] ?? 0) - columnsOf(cut)))
          const shown = painted(cut, index)
          return columns[index]?.right === true ? gap + shown : index === line.length - 1 ? shown : shown + gap
        })
        .join('  ')
    this.line(
      this.style.dim(
        layout(
          columns.map((column) => column.title),
          (text) => text,
        ),
      ),
    )
    for (const [at, line] of cells.entries()) {
      const row = rows[at]
      this.line(
        layout(line, (text, index) => {
          const paint = row === undefined ? undefined : columns[index]?.paint?.(row, this.style)
          return paint === undefined ? text : paint(text)
        }),
      )
    }
  }

  /** Name and value, one pair per line; absent values are left out. */
  facts(pairs: readonly (readonly [name: string, value: string | undefined])[]): void {
    const shown = pairs.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, oneLine(value)] as const]))
    const width = Math.max(...shown.map(([name]) => name.length))
    for (const [name, value] of shown) this.line(this.human ? `${this.style.dim(name.padEnd(width))}  ${value}` : `${name}\t${value}`)
  }
}
