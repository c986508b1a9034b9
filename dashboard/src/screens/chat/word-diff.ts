/**
 * Responsible for the differences between two texts: lines first, then words in the lines that differ (Myers, "An O(ND) difference algorithm"). Texts
 * with too little in common are treated as entirely different, so that no input takes long.
 */

export interface Piece {
  readonly kind: 'same' | 'removed' | 'added'
  readonly text: string
}

/** Most steps of the search; its time grows with their square. */
const mostSteps = 1_500

interface Run {
  readonly kind: Piece['kind']
  readonly items: readonly string[]
}

/** The furthest position on each diagonal, for each step; undefined when the two texts differ too much. */
function search(left: readonly string[], right: readonly string[]): readonly Int32Array[] | undefined {
  const most = Math.min(mostSteps, left.length + right.length)
  const reached = new Int32Array(2 * most + 2)
  const trace: Int32Array[] = []
  for (let step = 0; step <= most; step += 1) {
    trace.push(reached.slice(most - step, most + step + 2))
    for (let diagonal = -step; diagonal <= step; diagonal += 2) {
      const at = most + diagonal
      const down = diagonal === -step || (diagonal !== step && (reached[at - 1] ?? 0) < (reached[at + 1] ?? 0))
      let x = down ? (reached[at + 1] ?? 0) : (reached[at - 1] ?? 0) + 1
      while (x < left.length && x - diagonal < right.length && left[x] === right[x - diagonal]) x += 1
      reached[at] = x
      if (x >= left.length && x - diagonal >= right.length) return trace
    }
  }
  return undefined
}

/** The path from both beginnings to both ends, as single steps from the last to the first. */
function* stepsBack(left: readonly string[], right: readonly string[], trace: readonly Int32Array[]): Generator<Run> {
  let x = left.length
  let y = right.length
  for (let step = trace.length - 1; step >= 0; step -= 1) {
    const diagonal = x - y
    // Positions of the step before, starting at diagonal -(step - 1), with one extra entry at either side.
    const before = trace[step] ?? new Int32Array()
    const reach = (of: number): number => before[of + step] ?? 0
    const down = diagonal === -step || (diagonal !== step && reach(diagonal - 1) < reach(diagonal + 1))
    const fromX = step === 0 ? 0 : down ? reach(diagonal + 1) : reach(diagonal - 1)
    const fromY = step === 0 ? 0 : fromX - (down ? diagonal + 1 : diagonal - 1)
    while (x > fromX && y > fromY) {
      x -= 1
      y -= 1
      yield { kind: 'same', items: [left[x] ?? ''] }
    }
    if (step === 0) return
    if (down) yield { kind: 'added', items: [right[(y -= 1)] ?? ''] }
    else yield { kind: 'removed', items: [left[(x -= 1)] ?? ''] }
  }
}

/** Runs in reading order; between two equal runs, removed text comes before added text. */
function runsOf(left: readonly string[], right: readonly string[]): readonly Run[] {
  const trace = search(left, right)
  if (trace === undefined) {
    return [
      { kind: 'removed', items: left },
      { kind: 'added', items: right },
    ]
  }
  const runs: { kind: Piece['kind']; items: string[] }[] = []
  let removed: string[] = []
  let added: string[] = []
  const close = (): void => {
    if (removed.length > 0) runs.push({ kind: 'removed', items: removed })
    if (added.length > 0) runs.push({ kind: 'added', items: added })
    removed = []
    added = []
  }
  for (const { kind, items } of [...stepsBack(left, right, trace)].toReversed()) {
    if (kind === 'removed') removed.push(...items)
    else if (kind === 'added') added.push(...items)
    else {
      close()
      const last = runs.at(-1)
      if (last?.kind === 'same') last.items.push(...items)
      else runs.push({ kind, items: [...items] })
    }
  }
  close()
  return runs
}

const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []
const wordsOf = (text: string): readonly string[] => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? []
const pieces = (runs: readonly Run[]): readonly Piece[] => runs.map(({ kind, items }) => ({ kind, text: items.join('') }))

/** Without the added pieces the result is the left text, without the removed ones the right text. */
export function wordDiff(left: string, right: string): readonly Piece[] {
  const runs = runsOf(linesOf(left), linesOf(right))
  return runs.flatMap((run, index) => {
    const next = runs[index + 1]
    if (run.kind === 'removed' && next?.kind === 'added') return pieces(runsOf(wordsOf(run.items.join('')), wordsOf(next.items.join(''))))
    if (run.kind === 'added' && runs[index - 1]?.kind === 'removed') return []
    return pieces([run])
  })
}

/** The share of common words, in percent of the longer text. */
export function likeness(diff: readonly Piece[]): number {
  const words = (kind: Piece['kind']): number =>
    diff.reduce((sum, piece) => sum + (piece.kind === kind ? wordsOf(piece.text).filter((word) => word.trim() !== '').length : 0), 0)
  const same = words('same')
  const all = same + Math.max(words('removed'), words('added'))
  return all === 0 ? 100 : Math.round((same / all) * 100)
}
