/** Responsible for suggesting the known word that is most similar to a mistyped one. */

/** Number of edits that turn one word into the other: insertions, deletions, replacements, swaps of adjacent letters. */
export function distance(left: string, right: string): number {
  let before: number[] = []
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1]
      let edits = Math.min((row[j - 1] ?? 0) + (same ? 0 : 1), (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      if (swapped) edits = Math.min(edits, (before[j - 2] ?? 0) + 1)
      next.push(edits)
    }
    before = row
    row = next
  }
  return row[right.length] ?? 0
}

/** The known word that was probably meant; undefined when none is similar enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: { readonly name: string; readonly far: number } | undefined
  for (const name of known) {
    // A prefix of a known word counts as an exact match, since its distance would be large.
    const far = word.length >= 3 && name.startsWith(word) ? 0 : distance(word.toLowerCase(), name.toLowerCase())
    if (best === undefined || far < best.far) best = { name, far }
  }
  return best !== undefined && best.far <= Math.max(1, Math.floor(Math.max(word.length, best.name.length) / 3)) ? best.name : undefined
}

/** `; did you mean X?`, or an empty text. */
export const didYouMean = (word: string, known: readonly string[], prefix = ''): string => {
  const near = nearest(word, known)
  return near === undefined ? '' : `; did you mean ${prefix}${near}?`
}
