/** Responsible for the shape of the repository: who imports whom, and what every module must have. */
import { describe, expect, test } from 'vitest'
import { circles, cycles, partOf, violation } from './import-rule.ts'
import { parseModule, readModules } from './source-tree.ts'

const modules = readModules()

describe('the import graph', () => {
  test('covers every part of the product', () => {
    const names = new Set(modules.map((module) => partOf(module.path)?.name))
    for (const name of ['contract', 'domain', 'edge', 'registry', 'objects', 'composition root', 'worker-sdk'])
      expect(names).toContain(name)
  })

  test('points inwards only: programs, adapters, domain, contract', () => {
    const broken = modules.flatMap((module) =>
      module.imports.map((one) => violation(module, one)).filter((sentence) => sentence !== undefined),
    )
    expect(broken).toEqual([])
  })

  test('has no cycle', () => {
    expect(cycles(modules)).toEqual([])
  })

  test('has no circle of types through two parts: whoever changes one must not have to know the other', () => {
    const across = circles(modules).filter((circle) => new Set(circle.map((path) => partOf(path)?.name)).size > 1)
    expect(across).toEqual([])
  })

  test('imports zod as a namespace, which keeps it out of the Worker where it is not used', () => {
    const broken = modules
      .filter((module) => /import\s*\{[^}]*\bz\b[^}]*\}\s*from\s*'zod'/.test(module.source))
      .map((module) => module.path)
    expect(broken).toEqual([])
  })
})

describe('every module', () => {
  test('opens with one sentence that says what it is responsible for', () => {
    // A test file says it with its first `describe`.
    const broken = modules
      .filter((module) => !module.path.endsWith('.test.ts') && !/responsible for/i.test(module.head ?? ''))
      .map((module) => module.path)
    expect(broken).toEqual([])
  })

  test('stays under 400 lines, a file of tests under 500', () => {
    // THE table of operations is one by design: one row per operation, and nothing else in it.
    const tables = new Set(['contract/src/operations.ts'])
    const broken = modules
      .filter((module) => module.lines >= (module.path.endsWith('.test.ts') ? 500 : 400) && !tables.has(module.path))
      .map((module) => `${module.path}: ${module.lines} lines`)
    expect(broken).toEqual([])
  })

  test('has a name that says its duty', () => {
    const broken = modules
      .filter((module) => /(^|\/)(utils?|helpers?|common|misc|[a-z-]*manager)(\.|\/)/.test(module.path))
      .map((module) => module.path)
    expect(broken).toEqual([])
  })
})

describe('the domain', () => {
  test('reads no clock and no randomness, and waits for nothing', () => {
    const impure = /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\s*\.|\bsetTimeout\b|\basync\b|\bawait\b/
    const code = (source: string) => source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
    const broken = modules
      .filter((module) => module.path.startsWith('src/domain/') && impure.test(code(module.source)))
      .map((module) => module.path)
    expect(broken).toEqual([])
  })
})

describe('the rule itself', () => {
  const judge = (path: string, source: string) =>
    parseModule(path, source)
      .imports.map((one) => violation({ path }, one))
      .filter((sentence) => sentence !== undefined)

  test('refuses what it must', () => {
    expect(judge('src/domain/a.ts', "import { createHash } from 'node:crypto'")).toHaveLength(1)
    expect(judge('src/domain/a.ts', "import { app } from '../index.ts'")).toHaveLength(1)
    expect(judge('src/edge/a.ts', "import { streamName } from '../../durable-objects/job-stream/gate.ts'")).toHaveLength(1)
    expect(judge('src/edge/a.ts', "export { streamName } from '../../durable-objects/job-stream/gate.ts'")).toHaveLength(1)
    expect(judge('src/edge/a.ts', "const gate = await import('../../durable-objects/job-stream/gate.ts')")).toHaveLength(1)
    expect(judge('contract/src/a.ts', "import { ok } from '../../src/domain/result.ts'")).toHaveLength(1)
    expect(judge('worker-sdk/src/a.ts', "import type { Result } from '../../src/domain/result.ts'")).toHaveLength(1)
    expect(judge('durable-objects/tenant/a.ts', "import { ok } from './no-such-file.ts'")).toHaveLength(1)
  })

  test('allows an adapter the types of another', () => {
    expect(judge('src/edge/a.ts', "import type { JobStreamGate } from '../../durable-objects/job-stream/gate.ts'")).toEqual([])
    expect(judge('src/edge/a.ts', "import { type JobStreamGate } from '../../durable-objects/job-stream/gate.ts'")).toEqual([])
  })

  test('finds a cycle', () => {
    const one = { path: 'a.ts', source: '', head: '', lines: 1 }
    const edge = (to: string, typeOnly: boolean) => [{ specifier: to, target: to, typeOnly }]
    const circle = (typeOnly: boolean) => [
      { ...one, imports: edge('b.ts', false) },
      { ...one, path: 'b.ts', imports: edge('a.ts', typeOnly) },
    ]
    expect(cycles(circle(false))).toEqual([['a.ts', 'b.ts', 'a.ts']])
    expect(cycles(circle(true))).toEqual([])
    expect(circles(circle(true)).map((group) => group.toSorted())).toEqual([['a.ts', 'b.ts']])
  })
})
