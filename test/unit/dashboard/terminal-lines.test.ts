/** Says what a terminal would show of what a program writes, whatever it writes. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bareText, piecesOf, plainStyle, prose, TerminalLines } from '../../../dashboard/src/output/terminal-lines.ts'

const escape = '\u001b'
const shown = (text: string): string =>
  piecesOf({ text, origin: 'stdout', style: plainStyle })
    .pieces.map((piece) => piece.text)
    .join('')

describe('a line', () => {
  test('keeps what a carriage return has not overwritten', () => {
    expect(shown('progress 10%\rprogress 100%')).toBe('progress 100%')
    expect(shown('12345\rab')).toBe('ab345')
    expect(shown(`12345\r${escape}[Kab`)).toBe('ab')
  })

  test('has colours by name, by number and by red, green and blue', () => {
    const { pieces } = piecesOf({
      text: `${escape}[31ma${escape}[38;5;200mb${escape}[38;2;1;2;255mc${escape}[0md`,
      origin: 'stdout',
      style: plainStyle,
    })
    expect(pieces.map((piece) => [piece.text, piece.style.fg])).toEqual([
      ['a', 1],
      ['b', 200],
      ['c', '#0102ff'],
      ['d', undefined],
    ])
  })

  test('shows nothing of titles, links, cursor jumps and strings for the device', () => {
    expect(
      shown(
        `a${escape}]0;title\u0007b${escape}]8;;https://evil.example${escape}\\c${escape}]8;;${escape}\\${escape}[2J${escape}[10;10Hd${escape}P1$q${escape}\\e`,
      ),
    ).toBe('abcde')
  })

  test('is cut for showing, never for copying', () => {
    const long = 'x'.repeat(1_000_000)
    const { pieces, left } = piecesOf({ text: long, origin: 'stdout', style: plainStyle })
    expect(pieces[0]?.text).toHaveLength(4_000)
    expect(left).toBe(996_000)
    expect(bareText(long)).toHaveLength(1_000_000)
  })
})

describe('lines', () => {
  test('are the same however the text is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'bc', '\n', '\r', `${escape}[1m`, `${escape}[0m`, 'äö', '👍', 'x'.repeat(1_999), 'y'.repeat(3_999))),
        fc.array(fc.nat(20_000)),
        (parts, cuts) => {
          const text = parts.join('')
          const whole = new TerminalLines()
          whole.push(text, 'stdout')
          const pieces = new TerminalLines()
          let from = 0
          for (const cut of cuts.map((at) => at % (text.length + 1)).toSorted((one, other) => one - other)) {
            pieces.push(text.slice(from, cut), 'stdout')
            from = cut
          }
          pieces.push(text.slice(from), 'stdout')
          expect(pieces.lines).toEqual(whole.lines)
        },
      ),
    )
  })

  test('carry a colour on, and keep standard error apart', () => {
    const lines = new TerminalLines()
    lines.push(`${escape}[32mgreen\nstill`, 'stdout')
    lines.push('warning\n', 'stderr')
    expect(lines.lines.map((line) => [line.text, line.origin, line.style.fg])).toEqual([
      [`${escape}[32mgreen`, 'stdout', undefined],
      ['still', 'stdout', 2],
      ['warning', 'stderr', 2],
    ])
  })

  test('are wrapped when they are too long, between whole characters and escapes, and copied as they were written', () => {
    const lines = new TerminalLines()
    const long = `${'x'.repeat(3_997)}${escape}[31mred👍${'y'.repeat(3_000_000)}`
    for (let from = 0; from < long.length; from += 16_384) lines.push(long.slice(from, from + 16_384), 'stdout')
    lines.push('\nnext', 'stdout')
    expect(Math.max(...lines.lines.map((line) => line.text.length))).toBeLessThanOrEqual(4_000)
    expect(lines.lines.slice(0, 2).map((line) => [line.text.slice(-3), line.style.fg])).toEqual([
      ['xxx', undefined],
      ['yyy', undefined],
    ])
    expect(lines.lines[1]?.text.startsWith(`${escape}[31mred👍`)).toBe(true)
    expect(lines.lines[2]?.style.fg).toBe(1)
    expect(lines.text()).toBe(`${bareText(long)}\nnext`)
  })

  test('of a progress bar keep its end', () => {
    const lines = new TerminalLines()
    for (let done = 0; done <= 20_000; done += 1) lines.push(`\rpacking ${done} of 20000`, 'stdout')
    expect(lines.lines).toHaveLength(1)
    expect(lines.text()).toBe('packing 20000 of 20000')
  })

  test('say where output is missing', () => {
    const lines = new TerminalLines()
    lines.push('a\n', 'stdout')
    lines.gap(3, 5)
    lines.push('b\n', 'stdout')
    expect(lines.text()).toBe('a\n[3 pieces of output are missing here (3 to 5)]\nb')
  })
})

test('prose has no escapes, and of a progress bar only its end', () => {
  expect(prose(`${escape}[1mbold${escape}[0m\n10%\r100%\n`)).toBe('bold\n100%\n')
})
