#!/usr/bin/env node
/**
 * Responsible for a worker's program with one idea: read the files that a prompt names (or the prompt itself) and report on them.
 * The prompt comes on stdin, the report goes to stdout as it is made. It needs no model, no network and no package.
 *
 *   echo "Report on README.md and docs/" | node examples/file-report/report.mjs
 */
import { findFiles, readText } from './find-files.mjs'
import { frequentTerms, measure, wordsOf } from './measure.mjs'

const plural = (count, noun) => `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`

function report(name, text) {
  const found = measure(text)
  const lines = [
    `## ${name}`,
    `${plural(found.lines, 'line')} (${found.blank} blank), ${plural(found.words, 'word')}, ${plural(found.characters, 'character')}, about ${plural(found.minutes, 'minute')} to read`,
    found.longest.line === 0
      ? 'no longest line: it is empty'
      : `longest line: ${found.longest.line}, with ${plural(found.longest.length, 'character')}`,
  ]
  if (found.headings.length > 0) {
    lines.push(`${plural(found.headings.length, 'heading')}:`)
    for (const heading of found.headings.slice(0, 20)) lines.push(`${'  '.repeat(heading.level)}${heading.title} (line ${heading.line})`)
    if (found.headings.length > 20) lines.push(`  ... and ${found.headings.length - 20} more`)
  }
  if (found.markers.length > 0) {
    lines.push(`left to do (${found.markers.length}):`)
    for (const marker of found.markers.slice(0, 10)) lines.push(`  line ${marker.line}: ${marker.kind} ${marker.text}`.trimEnd())
  } else lines.push('no marker of anything left to do')
  if (found.terms.length > 0) lines.push(`most frequent: ${found.terms.map(({ term, count }) => `${term} (${count})`).join(', ')}`)
  process.stdout.write(`${lines.join('\n')}\n\n`)
  return found
}

async function main() {
  let prompt = ''
  process.stdin.setEncoding('utf8')
  for await (const piece of process.stdin) prompt += piece
  if (prompt.trim() === '') {
    process.stderr.write('The prompt is empty: name files below this folder, or write a text to report on.\n')
    return 2
  }
  const { files, refused } = findFiles(prompt, process.cwd())
  const measured = []
  for (const name of files) {
    const read = readText(name)
    if ('reason' in read) refused.push({ name, reason: read.reason })
    else measured.push({ ...report(name, read.text), text: read.text })
  }
  for (const { name, reason } of refused) process.stdout.write(`left out ${name}: ${reason}\n`)
  if (measured.length === 0 && refused.length === 0) {
    report('the prompt itself', prompt)
    return 0
  }
  if (measured.length > 1) {
    const sum = (pick) => measured.reduce((total, one) => total + pick(one), 0)
    const words = measured.flatMap((one) => wordsOf(one.text))
    const terms = frequentTerms(words, 5).map(({ term, count }) => `${term} (${count})`)
    process.stdout.write(
      `Together: ${plural(measured.length, 'file')}, ${plural(
        sum((one) => one.lines),
        'line',
      )}, ${plural(
        sum((one) => one.words),
        'word',
      )}; most frequent: ${terms.join(', ')}\n`,
    )
  }
  // Everything that was named was refused: the job has no result, and says so by its exit code.
  return measured.length === 0 ? 1 : 0
}

process.exitCode = await main()
