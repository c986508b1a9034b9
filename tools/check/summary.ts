/** Responsible for the text at the end of a run of `npm test`. */
import type { Outcome } from './run-gate.ts'

const time = (seconds: number): string =>
  seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`

/** A table with one line per gate; a gate without tests counts as one. The last line is the sum. */
export function summary(outcomes: readonly Outcome[]): string {
  const width = Math.max(...outcomes.map((outcome) => outcome.title.length))
  const lines = outcomes.map((outcome) => {
    const skipped = outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : ''
    const note = outcome.note === undefined ? '' : ` (${outcome.note})`
    const verdict = outcome.failed > 0 ? 'FAILED' : 'ok'
    return `${verdict.padEnd(6)}  ${outcome.title.padEnd(width)}  ${time(outcome.seconds).padStart(10)}  ${outcome.passed} passed, ${outcome.failed} failed${skipped}${note}`
  })
  const sum = (pick: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + pick(outcome), 0)
  const total = `took ${time(sum((outcome) => outcome.seconds))}`
  return ['', ...lines, '', total, `${sum((outcome) => outcome.passed)} passed, ${sum((outcome) => outcome.failed)} failed`].join('\n')
}
