/**
 * Responsible for `npm run bench`: the plan, one child process per bench, raw values and report. A failed bench is reported, and the next one runs.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requestOf, UsageError, usage } from './arguments.ts'
import type { Request } from './arguments.ts'
import { benches, benchNames } from './benches.ts'
import type { BenchName } from './benches.ts'
import { thisMachine } from './machine.ts'
import type { Answer, Scale } from './measure.ts'
import { installPeers } from './peers/packages.ts'
import { reportOf, shortNumber, summaryOf } from './report.ts'
import type { Kept } from './report.ts'
import { runBench } from './run-bench.ts'
import { withScale } from '../tools/costs/scale-page.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A bench is ended after this multiple of its expected duration, which leaves room for a slow or busy machine. */
const patience: Readonly<Record<Scale, number>> = { full: 2.5, quick: 8 }
/** Minimum time limit in milliseconds: even the shortest bench first bundles the Worker, which takes long on a busy machine. */
const leastMs = 60_000

const expected = async (name: BenchName, scale: Scale): Promise<number> => (await benches[name]()).bench.expectedS[scale]

async function list(): Promise<void> {
  for (const name of benchNames) {
    const { about, expectedS } = (await benches[name]()).bench
    console.log(`${name.padEnd(18)} ${about}; about ${expectedS.full} s (--quick: ${expectedS.quick} s)`)
  }
}

function tell({ question, figures, notes = [] }: Answer): void {
  console.log(`\n${question}`)
  const width = Math.max(...figures.map(({ what }) => what.length))
  for (const { what, value, unit, target } of figures) {
    console.log(
      `  ${what.padEnd(width)} ${shortNumber(value).padStart(10)} ${unit}${target === undefined ? '' : `   (target ${target.bound})`}`,
    )
  }
  for (const note of notes) console.log(`  - ${note}`)
}

/** Values are rounded to five digits; measurements are not more precise. */
const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value

/** The results of an earlier run of this bench. */
function earlier(folder: string, name: BenchName): readonly Kept[] {
  try {
    const kept: Kept = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
    // Results of an older format are ignored: the bench is run again or left out.
    return (kept.answer?.figures ?? []).every(({ target }) => target === undefined || typeof target.bound === 'string') ? [kept] : []
  } catch {
    return []
  }
}

async function runAll(request: Request): Promise<number> {
  const { names, scale, minutes, peers } = request
  const folder = resolve(root, request.out ?? (scale === 'quick' ? 'dist/bench' : 'bench/results'))
  mkdirSync(folder, { recursive: true })
  const machine = thisMachine()
  const seconds = await Promise.all(names.map((name) => expected(name, scale)))
  console.log(
    `${names.length} ${names.length === 1 ? 'bench' : 'benches'}, about ${Math.ceil(seconds.reduce((sum, each) => sum + each, 0) / 60)} min, at most ${minutes}; results go to ${folder}`,
  )
  if (peers) {
    const refusal = installPeers((line) => console.log(line))
    if (refusal !== undefined) console.log(refusal)
  }
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => abort.abort())
  const deadline = performance.now() + minutes * 60_000
  const kept: Kept[] = []
  for (const [index, name] of names.entries()) {
    if (abort.signal.aborted) break
    const usual = (seconds[index] ?? 0) * 1_000
    const left = deadline - performance.now()
    const begun = performance.now()
    console.log(`\n[${index + 1}/${names.length}] ${name}, about ${Math.round(usual / 1_000)} s`)
    const outcome =
      left < usual / 2
        ? { error: `not begun: ${Math.round(left / 1_000)} s were left (--minutes ${minutes})` }
        : await runBench({ name, scale, limitMs: Math.min(Math.max(usual * patience[scale], leastMs), left), peers, abort: abort.signal })
    if (abort.signal.aborted) break
    const found: Kept = { bench: name, at: new Date().toISOString(), scale, machine, ...outcome }
    kept.push(found)
    writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(found, rounded, 1)}\n`)
    if (found.answer === undefined) console.error(`  failed: ${found.error}`)
    else tell(found.answer)
    console.log(`  took ${Math.round((performance.now() - begun) / 1_000)} s`)
  }
  const all = benchNames.flatMap((name) => kept.find((found) => found.bench === name) ?? earlier(folder, name))
  if (kept.length > 0) {
    writeFileSync(join(folder, 'REPORT.md'), reportOf(all, relative(folder, root)))
    console.log(`\nThe report: ${join(folder, 'REPORT.md')}`)
    if (folder === join(root, 'bench/results')) {
      const page = join(root, 'docs/explanation/scale.md')
      writeFileSync(page, withScale(root, readFileSync(page, 'utf8')))
      console.log(`Its main figures: ${page}`)
    }
  }
  if (scale === 'full') console.log(`\n${summaryOf(kept).join('\n')}`)
  if (abort.signal.aborted) console.error('\nInterrupted: everything that was started has been stopped.')
  return abort.signal.aborted ? 130 : kept.every(({ answer }) => answer !== undefined) ? 0 : 1
}

async function main(words: readonly string[]): Promise<number> {
  const request = requestOf(words)
  if (request === 'list') await list()
  else if (request === 'help') console.log(usage)
  else return runAll(request)
  return 0
}

// The launcher uses `require` for this module, which does not allow top-level await.
void main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error)
    process.exit(error instanceof UsageError ? 64 : 1)
  },
)
