/** Words, times and texts as people write and see them. */
import { describe, expect, it } from 'vitest'
import { distance, nearest } from '../../../../../worker-sdk/src/nearest.ts'
import { guarded, manyLines, oneLine, terminalFilter } from '../../../../../worker-sdk/src/cli/output/safe-text.ts'
import { clip, columnsOf, styleFor } from '../../../../../worker-sdk/src/cli/output/style.ts'
import { parseDuration, showAge, showDuration } from '../../../../../worker-sdk/src/cli/output/time-words.ts'

describe('a mistyped word', () => {
  it('is as far from another as edits lie between them; two swapped letters are one', () => {
    expect([distance('jobs', 'jobs'), distance('jbos', 'jobs'), distance('job', 'jobs'), distance('', 'abc')]).toEqual([0, 1, 1, 3])
  })

  it('is taken for the nearest one, or for none', () => {
    expect(nearest('dispatsh', ['dispatch', 'doctor'])).toBe('dispatch')
    expect(nearest('disp', ['dispatch', 'doctor'])).toBe('dispatch')
    expect(nearest('x', ['dispatch', 'doctor'])).toBeUndefined()
    expect(nearest('banana', ['dispatch', 'doctor'])).toBeUndefined()
  })
})

describe('a time', () => {
  it.each([
    ['30', 30_000],
    ['1.5s', 1_500],
    ['500ms', 500],
    ['5m', 300_000],
    ['5 min', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s is understood', (text, ms) => expect(parseDuration(text)).toBe(ms))

  it.each(['', 'soon', '-5s', '5 weeks', '1e3'])('%j is not', (text) => expect(parseDuration(text)).toBeUndefined())

  it.each([
    [840, '840ms'],
    [3_210, '3.2s'],
    [42_000, '42s'],
    [312_000, '5m 12s'],
    [7_380_000, '2h 3m'],
    [90_000_000, '1d 1h'],
  ])('%d ms is shown as %s', (ms, text) => expect(showDuration(ms)).toBe(text))

  it('is long ago or still to come, in one unit', () => {
    const now = Date.parse('2030-01-01T00:00:00Z')
    const ago = (ms: number): string => showAge(new Date(now - ms).toISOString(), now)
    expect([ago(0), ago(12_400), ago(300_000), ago(-600_000), showAge(null, now)]).toEqual(['now', '12s', '5m', 'in 10m', 'never'])
  })
})

describe('text from elsewhere on a terminal', () => {
  const evil = 'a\u001B[2Jb\u001B]0;title\u0007c\u001B]52;c;aGk=\u001B\\d\re\u009B31mf\u202Eg\u0000h'

  it('is spelled where a terminal would obey it, and loses nothing but the blanks of a line', () => {
    expect(oneLine('a\u001B]0;title\u0007b\u009B31m\u202Ec')).toBe('a<U+001B>]0;title<U+0007>b<U+009B>31m<U+202E>c')
    expect(oneLine(' two\nlines ')).toBe('two lines')
  })

  it('keeps its lines when it has many', () => {
    expect(manyLines('a\r\nb\tc\u001B[1A\u0008d')).toBe('a\nb\tc<U+001B>[1A<U+0008>d')
  })

  it('cannot hide behind the colours that this program sets itself', () => {
    const style = styleFor(true, {})
    expect(guarded(style.red('a\u001B[8mb\u200Bc'))).toBe('\u001B[31ma<U+001B>[8mb<U+200B>c\u001B[39m')
  })

  it('keeps its colours in a stream, and nothing else, wherever the stream is cut', () => {
    const text = `\u001B[32mgreen\u001B[0m ${evil} \u001B[1;31mred\u001B[m`
    const whole = terminalFilter()(text)
    expect(whole).toContain('\u001B[32mgreen\u001B[0m')
    expect(whole).toContain('\u001B[1;31mred\u001B[m')
    expect(whole).not.toContain('\u001B[2J')
    expect(whole).not.toContain('title')
    expect(whole).not.toContain('aGk=')
    for (let cut = 0; cut <= text.length; cut += 1) {
      const filter = terminalFilter()
      expect(filter(text.slice(0, cut)) + filter(text.slice(cut)), `cut at ${cut}`).toBe(whole)
    }
  })

  it('does not hold back a sequence that never ends', () => {
    const filter = terminalFilter()
    expect(filter(`\u001B]0;${'x'.repeat(5_000)}`)).not.toContain('\u001B')
    expect(filter('after')).toBe('after')
  })
})

describe('columns', () => {
  it('are counted as a terminal counts them', () => {
    expect([columnsOf('abc'), columnsOf('日本'), columnsOf('e\u0301'), columnsOf('\u001B[1mab\u001B[22m'), columnsOf('👍')]).toEqual([
      3, 4, 1, 2, 2,
    ])
  })

  it('are never exceeded by a clipped text', () => {
    expect(clip('abcdef', 4)).toBe('abc…')
    expect(clip('日本語', 4)).toBe('日…')
    expect(clip('abcd', 4)).toBe('abcd')
  })
})

describe('colours', () => {
  it('are for terminals, unless NO_COLOR or a dumb one says no', () => {
    expect(styleFor(true, {}).red('x')).toBe('\u001B[31mx\u001B[39m')
    for (const style of [styleFor(false, {}), styleFor(true, { NO_COLOR: '1' }), styleFor(true, { TERM: 'dumb' })])
      expect(style.red('x')).toBe('x')
    expect(styleFor(false, { FORCE_COLOR: '1' }).red('x')).toContain('\u001B')
  })
})
