/** Responsible for what all benches share: times and rates of calls, figures with medians and ratios, targets. It does not know what is measured. */
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

/** Runs `count` calls, at most `at` of them concurrently. */
export async function inLanes(count: number, at: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await call(next++)
  }
  await Promise.all(Array.from({ length: at }, lane))
}

/** Runs the calls in the same way; returns the calls per second. */
export async function perSecond(count: number, at: number, call: (index: number) => Promise<unknown>): Promise<number> {
  const ms = await timed(() => inLanes(count, at, call))
  return (count / ms) * 1000
}

/** Why a target is missed. */
export interface Obstacle {
  /** Short sentences without measured numbers; they may refer to other rows of the same bench. */
  readonly says: string
  /** The page that explains it: a path in the repository and, after `#`, the anchor of a heading. */
  readonly see: string
}

/** The value that a figure should reach. */
export interface Target {
  readonly bound: `${'<=' | '>='} ${number}`
  /** Without an obstacle, a missed target is reported as unexplained. */
  readonly obstacle?: Obstacle
}

const bounded = (bound: Target['bound'], obstacle: Obstacle | undefined): Target => ({
  bound,
  ...(obstacle === undefined ? {} : { obstacle }),
})

export const atLeast = (limit: number, obstacle?: Obstacle): Target => bounded(`>= ${limit}`, obstacle)
export const atMost = (limit: number, obstacle?: Obstacle): Target => bounded(`<= ${limit}`, obstacle)

/** `value` is the median of `raw`, unless `what` says otherwise. A figure without a target is only reported. */
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
  /** What a reader must know to judge the figures, such as what was left out and why. */
  readonly notes?: readonly string[]
}

/** `full` measures; `quick` only shows that the bench runs: its sizes are too small for meaningful figures. */
export type Scale = 'full' | 'quick'

/** One bench: a module that answers one question. */
export interface Bench {
  /** What is compared; shown in the list. */
  readonly about: string
  /** Usual duration in seconds. */
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

/** Each pair is from one round: over minutes the state of the machine changes, and a ratio would compare that. */
export const ratio = (what: string, ours: readonly number[], theirs: readonly number[], target?: Target): Figure =>
  figure(
    what,
    'x',
    ours.map((value, round) => value / (theirs[round] ?? Number.NaN)),
    target,
  )

/** Whether the figure reaches its target; undefined without a target. */
export function reaches({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined
  const [direction, limit] = target.bound.split(' ')
  return direction === '<=' ? value <= Number(limit) : value >= Number(limit)
}

/**
 * Rounds of `count` measurements of each side, which alternate one by one, so that other load of the machine affects all sides alike. Returns the
 * median of each round, as one list per side.
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
