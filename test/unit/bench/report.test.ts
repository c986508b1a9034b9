import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Machine } from '../../../bench/machine.ts'
import { atLeast, atMost, figure, ratio, reaches } from '../../../bench/measure.ts'
import type { Figure, Obstacle } from '../../../bench/measure.ts'
import { obstacles } from '../../../bench/obstacles.ts'
import { reportOf, summaryOf, unexplained } from '../../../bench/report.ts'
import type { Kept } from '../../../bench/report.ts'

const machine: Machine = {
  system: 'Linux 6',
  processor: 'A processor',
  cores: 2,
  memory_gib: 8,
  load_before: 0.2,
  flushes_per_second: 900,
  node: 'v24.0.0',
  workerd: '1.0.0',
}

test('a ratio is the median of the ratios of each round, not the ratio of medians', () => {
  expect(ratio('ours against theirs', [10, 40, 30], [10, 20, 40]).raw).toEqual([1, 2, 0.75])
  expect(ratio('ours against theirs', [10, 40, 30], [10, 20, 40]).value).toBe(1)
})

test('a target says whether it is reached, at its border too', () => {
  expect([1.2, 1.21].map((value) => reaches(figure('slower', 'x', [value], atMost(1.2))))).toEqual([true, false])
  expect([1.5, 1.49].map((value) => reaches(figure('faster', 'x', [value], atLeast(1.5))))).toEqual([true, false])
  expect(reaches(figure('how much', 'MiB', [3]))).toBeUndefined()
})

test('the report judges a full run, names what failed, and shows from where to where the values went', () => {
  const report = reportOf([
    {
      bench: 'throughput',
      at: '2026-11-30T10:00:00.000Z',
      scale: 'full',
      machine,
      answer: {
        question: 'How many?',
        figures: [figure('ours', 'jobs/s', [1000, 3000, 2000]), figure('ours against theirs', 'x', [0.5], atLeast(1.5))],
        notes: ['theirs is left out'],
      },
    },
    { bench: 'bundle', at: '2026-11-30T10:00:00.000Z', scale: 'full', machine, error: 'took longer than 9 s and was ended\nat x' },
  ])
  expect(report).toContain('| ours | 2,000 jobs/s | 1,000 to 3,000 jobs/s (3) |  |  |')
  expect(report).toContain('| ours against theirs | 0.50 x | >= 1.5 | **no** | [throughput](#throughput) |')
  expect(report).toContain('- theirs is left out')
  expect(report).toContain('Failed: took longer than 9 s and was ended')
  expect(report).not.toContain('A quick run')
})

test('a machine that was busy is told so', () => {
  const of = (load_before: number) =>
    reportOf([{ bench: 'bundle', at: '2026-11-30T10:00:00.000Z', scale: 'full', machine: { ...machine, load_before }, error: 'x' }])
  expect(of(3)).toContain('3 (other programs were running: read ratios only)')
  expect(of(0.5)).not.toContain('other programs')
})

const full = (figures: readonly Figure[]): Kept => ({
  bench: 'bundle',
  at: '2026-11-30T10:00:00.000Z',
  scale: 'full',
  machine,
  answer: { question: 'How large?', figures },
})
const heavy: Obstacle = { says: 'It weighs that much.', see: 'docs/explanation/speed.md#what-did-not-pay' }

test('missed targets with the same explanation share one item of the report, with a link to the facts', () => {
  const report = reportOf([
    full([
      figure('one', 'KiB', [3], atMost(2, heavy)),
      figure('another', 'KiB', [4], atMost(2, heavy)),
      figure('reached all the same', 'KiB', [1], atMost(2, heavy)),
    ]),
  ])
  expect(report).toContain(
    '- one ([bundle](#bundle)); another ([bundle](#bundle)): It weighs that much. [Facts](../../docs/explanation/speed.md#what-did-not-pay)',
  )
  expect(report).not.toContain('reached all the same ([bundle]')
  expect(summaryOf([full([figure('one', 'KiB', [3], atMost(2, heavy))])]).at(-1)).toBe(
    '    It weighs that much. See docs/explanation/speed.md#what-did-not-pay',
  )
  expect(report).not.toContain(unexplained)
})

test('a missed target without an explanation is reported as unexplained; a quick run judges nothing', () => {
  const kept = full([figure('one', 'KiB', [3], atMost(2)), figure('nothing to reach', 'KiB', [3])])
  expect(summaryOf([kept])).toEqual([
    '0 targets reached, 1 missed',
    '  bundle: one: 3.00 KiB (target <= 2)',
    `    ${unexplained}: add an \`obstacle\` to the target in bench/bundle.ts`,
  ])
  expect(reportOf([kept])).toContain(`- one ([bundle](#bundle)): **${unexplained}.**`)
  expect(reportOf([{ ...kept, scale: 'quick' }])).not.toContain(unexplained)
  expect(reportOf([full([figure('one', 'KiB', [1], atMost(2))])])).not.toContain('Why targets are missed')
})

/** As GitHub names the headings of a page. */
const anchorsOf = (page: string): readonly string[] =>
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )

test.each(Object.entries(obstacles))(
  'the explanation %s links to a heading that exists and contains no measured number',
  (_, { says, see }) => {
    const [path = '', anchor = ''] = see.split('#')
    expect(anchorsOf(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8'))).toContain(anchor)
    expect(says).not.toMatch(/(?:^|\s)\d/)
  },
)
