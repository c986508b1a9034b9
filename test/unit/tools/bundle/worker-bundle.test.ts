import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { operations, problems, tenantEvents, tenantSettingRows } from '@modelreins/contract'
import {
  refusingExports,
  unread,
  withDroppableSchemas,
  withoutArguments,
  withoutNamesOfSchemas,
  withoutUnreadFields,
} from '../../../../tools/bundle/left-out.ts'
import { workerBundle } from '../../../../tools/bundle/worker-bundle.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

test('the deployed module has every path, and nothing that only the reference and openapi.json show', async () => {
  const { code, map } = await workerBundle({ root, minify: true })
  for (const row of Object.values(operations)) {
    expect({ path: row.path, there: code.includes(row.path) }).toEqual({ path: row.path, there: true })
    expect({ summary: row.summary, there: code.includes(row.summary) }).toEqual({ summary: row.summary, there: false })
  }
  for (const { says } of Object.values(tenantEvents)) expect(code.includes(says) ? says : '').toBe('')
  for (const { reason } of Object.values(tenantSettingRows)) expect(code.includes(reason) ? reason : '').toBe('')
  for (const name of ['RegisteredWorker', 'ReviewPolicy', 'unevaluatedProperties', 'SQLiteRelationalQuery'])
    expect(code.includes(name) ? name : '').toBe('')
  // Some of the help stands in the details of an error, too.
  for (const { title } of Object.values(problems)) expect(code.includes(title) ? '' : title).toBe('')
  expect(code.includes(problems['invalid-request'].help)).toBe(false)
  // What an answer looks like is nobody's business there: nothing is checked on its way out.
  expect(code.includes('WebhookDelivery')).toBe(false)
  expect(JSON.parse(map ?? '').sources).toEqual(expect.arrayContaining([expect.stringMatching(/src\/index\.ts$/)]))
})

test('the module for this machine keeps names and has its source map inside', async () => {
  const { code, map } = await workerBundle({ root, minify: false, entry: `export * from ${JSON.stringify(join(root, 'src/index.ts'))}` })
  expect(/\bTenantObject = class\b/.test(code)).toBe(true)
  expect(code.includes('//# sourceMappingURL=data:')).toBe(true)
  expect(map).toBeUndefined()
})

test('only fields of rows are left out, wherever they stand in the row', () => {
  const rows = `const summary = 1
export const rows = {
  a: operation({ summary: 'A, b', path: '/a', example: { summary: 'kept out', list: [1, { x: 2 }] }, output: thing({ summary: z.string() }), problems: [] }),
  b: operation({ path: '/b', input: z.object({ summary: z.string(), output: z.string() }), output: z.null() }),
}`
  expect(withoutUnreadFields('rows.ts', rows, { rows: 'operation', fields: ['summary', 'example', 'output'] })).toBe(`const summary = 1
export const rows = {
  a: operation({ path: '/a', problems: [] }),
  b: operation({ path: '/b', input: z.object({ summary: z.string(), output: z.string() }), }),
}`)
  const table = `const other = { help: 'kept' }
export const problems = { a: { help: 'A', title: 'T' }, 'b-c': { title: 'U', help: 'B' } } as const satisfies Record<string, Row>`
  expect(withoutUnreadFields('problem.ts', table, { rows: 'problems', fields: ['help'] })).toBe(`const other = { help: 'kept' }
export const problems = { a: { title: 'T' }, 'b-c': { title: 'U', } } as const satisfies Record<string, Row>`)
})

test('a schema is made by a function that may be dropped, and nothing else is', () => {
  const file = `import * as z from 'zod'
const inner = (max: number) => z.string().max(max)
export const asked = z.strictObject({ name: inner(3) })
export const answered = z.object({ name: z.string() }).meta({ id: 'Answer' })
export const names = ['a', 'b'] as const, count = 2
export type Answered = z.infer<typeof answered>`
  expect(withDroppableSchemas('schemas.ts', file)).toBe(`import * as z from 'zod'
const inner = (max: number) => z.string().max(max)
export const asked = /* @__PURE__ */ (() => z.strictObject({ name: inner(3) }))()
export const answered = /* @__PURE__ */ (() => z.object({ name: z.string() }).meta({ id: 'Answer' }))()
export const names = ['a', 'b'] as const, count = 2
export type Answered = z.infer<typeof answered>`)
})

test('arguments that nobody reads are left out of the calls of that name, and of no others', () => {
  const text = `const a = row(z.number(), 1, 'about', \`reason\`)\nconst b = row(flag, false)\nconst c = other(1, 2, 3, row(x, y, z))`
  expect(withoutArguments('settings.ts', text, 'row', 2)).toBe(
    `const a = row(z.number(), 1)\nconst b = row(flag, false)\nconst c = other(1, 2, 3, row(x, y))`,
  )
})

test('a schema with a name is the schema, wherever it stands', () => {
  const text = `const a = z.object({ b: z.string().meta({ format: 'x' }).optional() }).meta({ id: 'A' })\nmeta({ id: 'B' })`
  expect(withoutNamesOfSchemas('a.ts', text)).toBe(`const a = z.object({ b: z.string().optional() })\nmeta({ id: 'B' })`)
})

test('a module that nothing calls keeps its exports, each of which says so when it is called after all', async () => {
  const text = `export function createProcessor() {}\nexport const initialize = 1\nfunction inner() {}\nexport { inner as process, createOne, initialize };`
  const made = (await import(`data:text/javascript,${encodeURIComponent(refusingExports(text))}`)) as Record<string, () => unknown>
  expect(Object.keys(made).toSorted()).toEqual(['createOne', 'createProcessor', 'initialize', 'process'])
  for (const name of ['initialize', 'process', 'createOne']) expect(made[name]).toThrow(/left-out/)
  expect(made.createProcessor?.()).toBe(made.initialize)
})

test('no file of the Worker that has one of these tables reads a field that is left out', () => {
  const files = globSync(['src/**/*.ts', 'durable-objects/**/*.ts', 'contract/src/**/*.ts'], { cwd: root }).map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }))
  const names: Readonly<Record<string, string>> = { operation: 'operations|Operation', problems: 'problems', tenantEvents: 'tenantEvents' }
  let found = 0
  for (const { rows, fields } of unread) {
    const readers = files.filter(({ text }) => new RegExp(String.raw`import (type )?\{[^}]*\b(${names[rows]})\b[^}]*\} from`).test(text))
    found += readers.length
    // `row` or the table itself, as these files call it; or taken apart in a declaration.
    const read = fields.join('|')
    const field = new RegExp(
      String.raw`(\b(row|operation|problem)|(${names[rows]})(\[[^\]]*\]|\.\w+))\??\.(${read})\b|\{[^}]*\b(${read})\b[^}]*\} = (row|operation|${names[rows]})`,
    )
    for (const { path, text } of readers) expect(field.exec(text)?.[0] ?? path).toBe(path)
  }
  expect(found).toBeGreaterThan(8)
  const elsewhere = /tenantSettingRows(\[[^\]]*\]|\.\w+)\??\.(about|reason)\b|globalRegistry|\.meta\(\)/
  for (const { path, text } of files) expect(elsewhere.exec(text)?.[0] ?? path).toBe(path)
})
