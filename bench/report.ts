/** Responsible for REPORT.md and the last lines of a run, generated from the raw values alone. */
import type { BenchName } from './benches.ts'
import type { Machine } from './machine.ts'
import { reaches } from './measure.ts'
import type { Answer, Figure, Scale, Target } from './measure.ts'

/** Content of results/NAME.json. */
export interface Kept {
  readonly bench: BenchName
  readonly at: string
  readonly scale: Scale
  readonly machine: Machine
  readonly answer?: Answer
  /** Why the bench has no answer. */
  readonly error?: string
}

export const shortNumber = (value: number): string => {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** A figure that missed its target. */
interface Missed {
  readonly bench: BenchName
  readonly figure: Figure
  readonly target: Target
}

const missedIn = (kept: readonly Kept[]): readonly Missed[] =>
  kept.flatMap(({ bench, answer }) =>
    (answer?.figures ?? []).flatMap((figure) =>
      figure.target !== undefined && reaches(figure) === false ? [{ bench, figure, target: figure.target }] : [],
    ),
  )

/** Shown instead of an explanation when a target declares no obstacle. */
export const unexplained = 'no explanation yet'

/** Lines printed at the end of a run: which targets were missed, and why. */
export function summaryOf(kept: readonly Kept[]): readonly string[] {
  const reached = kept.flatMap(({ answer }) => answer?.figures ?? []).filter((figure) => reaches(figure) === true)
  const missed = missedIn(kept)
  return [
    `${reached.length} targets reached, ${missed.length} missed`,
    ...missed.flatMap(({ bench, figure, target }) => [
      `  ${bench}: ${figure.what}: ${shortNumber(figure.value)} ${figure.unit} (target ${target.bound})`,
      target.obstacle === undefined
        ? `    ${unexplained}: add an \`obstacle\` to the target in bench/${bench}.ts`
        : `    ${target.obstacle.says} See ${target.obstacle.see}`,
    ]),
    ...kept.flatMap(({ bench, error }) => (error === undefined ? [] : [`  ${bench} failed: ${error.split('\n')[0]}`])),
  ]
}

const verdict = (figure: Figure): string => {
  const reached = reaches(figure)
  return reached === undefined ? '' : reached ? 'yes' : '**no**'
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

const withUnit = (value: number, unit: string): string => `${shortNumber(value)} ${unit}`.trim()
const span = ({ raw, unit }: Figure): string =>
  raw.length < 2 ? '' : `${shortNumber(Math.min(...raw))} to ${withUnit(Math.max(...raw), unit)} (${raw.length})`

function machineTable(machine: Machine): string {
  return table(
    ['', ''],
    [
      ['processor', `${machine.processor}, ${machine.cores} cores`],
      ['memory', `${machine.memory_gib} GiB`],
      ['system', machine.system],
      ['disk', `${machine.flushes_per_second.toLocaleString('en')} flushes a second, one after the other`],
      ['Node', machine.node],
      ['workerd', machine.workerd],
      [
        'load before the first bench',
        `${machine.load_before}${machine.load_before > machine.cores / 2 ? ' (other programs were running: read ratios only)' : ''}`,
      ],
    ],
  )
}

function section({ bench, at, answer, error }: Kept): string {
  const head = `## ${bench}`
  if (answer === undefined) return [head, `Failed: ${(error ?? '').split('\n')[0] ?? ''}`].join('\n\n')
  return [
    head,
    `${answer.question} Measured ${at.slice(0, 16).replace('T', ' ')} UTC.`,
    table(
      ['', 'value', 'from, to (values)', 'target', 'reached'],
      answer.figures.map((figure) => [
        figure.what,
        withUnit(figure.value, figure.unit),
        span(figure),
        figure.target?.bound ?? '',
        verdict(figure),
      ]),
    ),
    ...(answer.notes ?? []).map((note) => `- ${note}`),
  ].join('\n\n')
}

/** Missed targets with the same explanation share one list item. */
function obstaclesOf(missed: readonly Missed[], toRoot: string): readonly string[] {
  const bySentence = Map.groupBy(missed, ({ target: { obstacle } }) =>
    obstacle === undefined ? `**${unexplained}.**` : `${obstacle.says} [Facts](${toRoot}/${obstacle.see})`,
  )
  return [...bySentence].map(([sentence, of]) => {
    const names = of.map(({ bench, figure }) => `${figure.what} ([${bench}](#${bench}))`)
    return `- ${names.join('; ')}: ${sentence}`
  })
}

/** `toRoot`: relative path from the report's folder to the repository, for links. */
export function reportOf(kept: readonly Kept[], toRoot = '../..'): string {
  const [latest] = kept.toSorted((left, right) => right.at.localeCompare(left.at))
  if (latest === undefined) return '# What was measured\n\nNothing yet: `npm run bench`.\n'
  const quick = kept.some(({ scale }) => scale === 'quick')
  const judged = kept.flatMap(({ bench, answer }) =>
    (answer?.figures ?? []).filter(({ target }) => target !== undefined).map((figure) => ({ bench, figure })),
  )
  const failed = kept.filter(({ answer }) => answer === undefined)
  const missed = quick ? [] : missedIn(kept)
  return `${[
    '# What was measured',
    '<!-- Made by `npm run bench` from the JSON files beside it. -->',
    quick
      ? '**A quick run: it proves that the benches work. Its figures say nothing about speed.**'
      : `Each value is a median; the raw values are in the JSON files beside this page. Only ratios carry over to another machine: they compare what was measured minutes apart on this one.`,
    machineTable(latest.machine),
    '## The targets',
    table(
      ['', 'value', 'target', 'reached', 'bench'],
      judged.map(({ bench, figure }) => [
        figure.what,
        withUnit(figure.value, figure.unit),
        figure.target?.bound ?? '',
        quick ? '' : verdict(figure),
        `[${bench}](#${bench})`,
      ]),
    ),
    ...(missed.length === 0 ? [] : ['### Why targets are missed', obstaclesOf(missed, toRoot).join('\n')]),
    ...(failed.length === 0 ? [] : [`Failed: ${failed.map(({ bench }) => bench).join(', ')}.`]),
    ...kept.map(section),
  ].join('\n\n')}\n`
}
