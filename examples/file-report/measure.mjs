/** Responsible for measuring one text: lines, words, headings, markers, frequent terms. It reads no file and prints nothing. */

/** Words that say nothing about what a text is about. */
const ordinary = new Set(
  (
    'a about after all also an and any are as at be because been before but by can could do does each every for from get had has have he her here his how i if in ' +
    'into is it its just like may me more most must my never no not nothing now of off on once one only or other our out over own per same she should so some such ' +
    'than that the their them then there these they this those through to too two under until up us use used uses very was we were what when where which while who ' +
    'whom whose why will with without would you your'
  ).split(' '),
)

/** How many words an adult reads in a minute. */
const wordsPerMinute = 230

/** @param {string} text */
export const wordsOf = (text) => text.match(/[\p{L}\p{N}](?:[\p{L}\p{N}'’_-]*[\p{L}\p{N}])?/gu) ?? []

/**
 * @param {string} text
 * @returns {{lines: number, words: number, characters: number, blank: number, minutes: number, longest: {line: number, length: number},
 *   headings: {line: number, level: number, title: string}[], markers: {line: number, kind: string, text: string}[], terms: {term: string, count: number}[]}}
 */
export function measure(text) {
  const lines = text.split(/\r\n|\n|\r/)
  // A final line break ends the last line; it begins no further one.
  if (lines.at(-1) === '') lines.pop()
  const words = wordsOf(text)
  let longest = { line: 0, length: 0 }
  let blank = 0
  let fenced = false
  const headings = []
  const markers = []
  for (const [index, line] of lines.entries()) {
    const length = [...line].length
    if (length > longest.length) longest = { line: index + 1, length }
    if (line.trim() === '') blank += 1
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced
    const heading = fenced ? null : /^(#{1,6})\s+(.+?)\s*#*\s*$/.exec(line)
    if (heading !== null) headings.push({ line: index + 1, level: heading[1].length, title: heading[2] })
    const marker = /\b(TODO|FIXME|XXX|HACK|BUG)\b[:(\s-]*(.*)/.exec(line)
    if (marker !== null) markers.push({ line: index + 1, kind: marker[1], text: marker[2].trim().slice(0, 80) })
  }
  return {
    lines: lines.length,
    words: words.length,
    characters: [...text].length,
    blank,
    minutes: Math.max(1, Math.round(words.length / wordsPerMinute)),
    longest,
    headings,
    markers,
    terms: frequentTerms(words, 8),
  }
}

/**
 * The terms that a text uses most, ordinary words left out; equal counts in alphabetical order, so that a report repeats itself.
 * @param {readonly string[]} words
 * @param {number} limit
 */
export function frequentTerms(words, limit) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const word of words) {
    const term = word.toLowerCase()
    if (term.length < 3 || ordinary.has(term) || /^\d+$/.test(term)) continue
    counts.set(term, (counts.get(term) ?? 0) + 1)
  }
  return [...counts]
    .map(([term, count]) => ({ term, count }))
    .sort((one, other) => other.count - one.count || (one.term < other.term ? -1 : 1))
    .slice(0, limit)
}
