/** Responsible for `npm test`: runs all gates in order, or the named ones, and prints one summary. */
import { fileURLToPath } from 'node:url'
import { gates, select } from './gates.ts'
import { runGate, type Outcome } from './run-gate.ts'
import { summary } from './summary.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) {
    console.log(
      `npm test [-- GATE|FILE ...]\n\nGates, in order: ${gates.map((gate) => gate.name).join(', ')}. A file or folder under test/ runs alone.`,
    )
    return 0
  }
  const selected = select(words)
  if (!selected.ok) {
    console.error(`There is no gate or test called '${selected.unknown}'. Gates: ${gates.map((gate) => gate.name).join(', ')}.`)
    return 64
  }
  const outcomes: Outcome[] = []
  for (const selection of selected.selections) {
    console.log(`\n== ${selection.gate.title}`)
    const outcome = await runGate(root, selection)
    console.log(`== ${outcome.title}: ${outcome.failed > 0 ? 'failed' : 'ok'} after ${outcome.seconds.toFixed(1)} s`)
    outcomes.push(outcome)
  }
  console.log(summary(outcomes))
  return outcomes.some((outcome) => outcome.failed > 0) ? 1 : 0
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
