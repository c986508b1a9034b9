/** Responsible for what a person sees of text written to a terminal: the few sequences that the command line uses, and no others. */
export class Terminal {
  readonly isTerminal = true
  columns: number
  rows: number | undefined
  /** Everything that was written, as it was. */
  written = ''
  #lines: string[] = ['']
  #row = 0
  #column = 0

  constructor(columns: number, rows?: number) {
    this.columns = columns
    this.rows = rows
  }

  drained = (): Promise<void> => Promise.resolve()

  write = (piece: string | Uint8Array): void => {
    const text = typeof piece === 'string' ? piece : new TextDecoder().decode(piece)
    this.written += text
    // oxlint-disable-next-line no-control-regex -- escape sequences are what this reads
    for (const [token] of text.matchAll(/\u001B\[(\d*)([A-Za-z])|[^]/gu)) this.#take(token)
  }

  #take(token: string): void {
    if (token === '\n') {
      this.#row += 1
      this.#column = 0
      if (this.#row === this.#lines.length) this.#lines.push('')
    } else if (token === '\r') this.#column = 0
    else if (token.endsWith('A') && token.length > 1) this.#row = Math.max(0, this.#row - Number(token.slice(2, -1) || 1))
    else if (token.endsWith('K') && token.length > 1) this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column)
    else if (token.endsWith('m') && token.length > 1) return
    else if (token.length > 2) throw new Error(`no terminal was asked for ${JSON.stringify(token)}`)
    else {
      const line = (this.#lines[this.#row] ?? '').padEnd(this.#column)
      this.#lines[this.#row] = line.slice(0, this.#column) + token + line.slice(this.#column + 1)
      this.#column += 1
    }
  }

  /** The lines that stand there, without the blanks at their ends. */
  get screen(): readonly string[] {
    return this.#lines.map((line) => line.trimEnd()).filter((line, index) => line !== '' || index < this.#lines.length - 1)
  }
}
