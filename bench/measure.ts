/** Responsible for what all benches share: times and rates of calls, figures with medians and ratios, targets. It knows none of what is measured. */
const sorted = (values: readonly number[]): number[] => [...values].sort((left, right) => left - right)

/** `share` from 0 to 1, nearest rank. */
export const percentile = (values: readonly number[], share: number): number => {
  const ordered = sorted(values)
  return ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] ?? Number.NaN
}
export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Runs `count` calls, `at` of them at a time. */
export async function inLanes(count: number, at: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: at }, lane))
}

/** The same; answers how many calls a second. */
export async function perSecond(count: number, at: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const ms = await timed(() => inLanes(count, at, call))
  return (count / ms) * 1000
}

/** Why a target is missed. */
export interface Obstacle {
  /** Short sentences without measured numbers; they may name other rows of the same bench. */
  readonly says: string
  /** The page with the facts: a path in the repository and, after `#`, the anchor of the heading. */
  readonly see: string
}

/** What a figure should reach. */
export interface Target {
  readonly bound: `${'<=' | '>='} ${number}`
  /** Without one, a missed target is reported as unexplained. */
  readonly obstacle?: Obstacle
}

const bounded = (bound: Target['bound'], obstacle: Obstacle | undefined): Target => ({
  bound,
  ...(obstacle === undefined ? {} : { obstacle }),
})

export const atLeast = (limit: number, obstacle?: Obstacle): Target => bounded(`>= ${limit}`, obstacle)
export const atMost = (limit: number, obstacle?: Obstacle): Target => bounded(`<= ${limit}`, obstacle)

/** `value` is the median of `raw`, unless `what` says otherwise. Figures that have no target are told without one. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly raw: readonly number[]
  readonly target?: Target
}

export interface Answer {
  readonly question: string
  readonly figures: readonly Figure[]
  /** What a reader must know to judge the figures: what was left out, and why. */
  readonly notes?: readonly string[]
}

/** `full` answers; `quick` proves that the bench runs, with so little that its figures say nothing. */
export type Scale = 'full' | 'quick'

/** One bench: a module that answers one question. */
export interface Bench {
  /** For the list: what is compared. */
  readonly about: string
  /** How long it takes as a rule, in seconds. */
  readonly expectedS: Readonly<Record<Scale, number>>
  readonly run: (scale: Scale) => Promise<Answer>
}

export const figure = (what: string, unit: string, raw: readonly number[], target?: Target): Figure => ({
  what,
  value: median(raw),
  unit,
  raw,
  ...(target === undefined ? {} : { target }),
})

/** Pairs of one round each: a ratio of what was measured minutes apart would compare two states of the machine. */
export const ratio = (what: string, ours: readonly number[], theirs: readonly number[], target?: Target): Figure =>
  figure(
    what,
    'x',
    ours.map((value, round) => value / (theirs[round] ?? Number.NaN)),
    target,
  )

/** Whether the figure reaches its target; undefined when it has none. */
export function reaches({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined
  const [direction, limit] = target.bound.split(' ')
  return direction === '<=' ? value <= Number(limit) : value >= Number(limit)
}

/**
 * Rounds of `count` measurements of each side, taking turns one by one, so that what else the machine does meets all of them alike. Answers the median
 * of each round, a list per side.
 */
export async function takingTurns(
  rounds: number,
  count: number,
  sides: readonly (() => Promise<number>)[],
): Promise<readonly (readonly number[])[]> {
  const medians: number[][] = sides.map(() => [])
  for (let round = 0; round < rounds; round += 1) {
    const times: number[][] = sides.map(() => [])
    for (let index = 0; index < count; index += 1) for (const [at, measure] of sides.entries()) times[at]?.push(await measure())
    for (const [at, found] of times.entries()) medians[at]?.push(median(found))
  }
  return medians
}
