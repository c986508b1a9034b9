/** Responsible for the list of gates that `npm test` runs, in order. */

/** `commands` run one after the other; the gate fails when one of them fails. */
export interface StaticGate {
  readonly kind: 'static'
  readonly name: string
  readonly title: string
  readonly commands: readonly Command[]
  readonly limitMinutes: number
}

/** A vitest run, whose tests are counted one by one. */
export interface TestGate {
  readonly kind: 'tests'
  readonly name: string
  readonly title: string
  readonly folder: string
  readonly arguments: readonly string[]
  readonly limitMinutes: number
  /** Shown when tests were skipped. */
  readonly whenSkipped?: string
  /** Environment variable: when it is 1, skipped tests count as failed. */
  readonly requiredBy?: string
}

export type Gate = StaticGate | TestGate

export interface Command {
  /** The installed package whose binary is run, or `node` for a script of this repository. */
  readonly tool: string
  readonly arguments: readonly string[]
}

/** One TypeScript project per set of globals, so that a folder cannot use globals that its runtime does not have. */
export const typeProjects = [
  'contract',
  'src/domain',
  '.',
  'worker-sdk',
  'dashboard',
  'dashboard/build',
  'dashboard/verifier',
  'dashboard/notifier',
  'tools',
  'test',
  'test/workers',
] as const

const tests = (name: string, title: string, config: string, limitMinutes: number, more: Partial<TestGate> = {}): TestGate => ({
  kind: 'tests',
  name,
  title,
  folder: `test/${name}`,
  arguments: ['run', '--config', config],
  limitMinutes,
  ...more,
})

export const gates: readonly Gate[] = [
  { kind: 'static', name: 'format', title: 'Formatting', commands: [{ tool: 'oxfmt', arguments: ['--check'] }], limitMinutes: 2 },
  { kind: 'static', name: 'lint', title: 'Lint', commands: [{ tool: 'oxlint', arguments: [] }], limitMinutes: 2 },
  {
    kind: 'static',
    name: 'types',
    title: 'Types',
    // Incremental: unchanged files are not checked again, so a second run takes a sixth of the time.
    commands: typeProjects.map((project) => ({
      tool: 'typescript',
      arguments: [
        '-p',
        project,
        '--incremental',
        '--tsBuildInfoFile',
        `node_modules/.cache/types/${project.replaceAll('/', '-')}.tsbuildinfo`,
      ],
    })),
    limitMinutes: 12,
  },
  {
    kind: 'static',
    name: 'generated',
    title: 'Generated files',
    commands: [{ tool: 'node', arguments: ['tools/generate/main.ts', '--check'] }],
    limitMinutes: 2,
  },
  {
    kind: 'static',
    name: 'package',
    title: 'Package and dashboard build',
    // Examples and end-to-end tests use the built package, browser tests the built dashboard: without a build they would test old code.
    commands: [
      { tool: 'node', arguments: ['worker-sdk/build/main.ts'] },
      { tool: 'node', arguments: ['tools/dashboard/build.ts'] },
    ],
    limitMinutes: 3,
  },
  tests('unit', 'Unit', 'vitest.config.ts', 15, { arguments: ['run', '--config', 'vitest.config.ts', '--project', 'unit'] }),
  tests('model', 'Model', 'vitest.model.config.ts', 12),
  tests('workers', 'Inside workerd', 'vitest.workers.config.ts', 25),
  tests('e2e', 'End to end', 'vitest.e2e.config.ts', 30),
  tests('python', 'Python SDK', 'vitest.python.config.ts', 15, {
    whenSkipped: 'the Python SDK needs Python 3.9 or newer with venv, and PyPI for hatchling, mypy and ruff: what is missing is said above',
    requiredBy: 'MODELREINS_REQUIRE_PYTHON',
  }),
  tests('attack', 'Attacks', 'vitest.attack.config.ts', 15),
  tests('browser', 'Browser', 'vitest.browser.config.ts', 15, {
    whenSkipped: 'browser tests need Chromium: install it, or name it in MODELREINS_CHROMIUM',
    requiredBy: 'MODELREINS_REQUIRE_BROWSER',
  }),
]

/** A gate and, for a test gate, the files to run (none: all of them). */
export interface Selection {
  readonly gate: Gate
  readonly files: readonly string[]
}

export type Selected = { readonly ok: true; readonly selections: readonly Selection[] } | { readonly ok: false; readonly unknown: string }

/** Turns `npm test -- lint test/unit/foo.test.ts` into gates; without arguments, all of them. */
export function select(words: readonly string[]): Selected {
  if (words.length === 0) return { ok: true, selections: gates.map((gate) => ({ gate, files: [] })) }
  const files = new Map<Gate, string[]>()
  for (const word of words) {
    const path = word.replace(/^\.\//, '').replace(/\/$/, '')
    const gate = gates.find(
      (one) => one.name === word || (one.kind === 'tests' && (path === one.folder || path.startsWith(`${one.folder}/`))),
    )
    if (gate === undefined) return { ok: false, unknown: word }
    const list = files.get(gate) ?? []
    if (gate.kind === 'tests' && path.startsWith(`${gate.folder}/`)) list.push(path)
    files.set(gate, list)
  }
  return { ok: true, selections: gates.flatMap((gate) => (files.has(gate) ? [{ gate, files: files.get(gate) ?? [] }] : [])) }
}
