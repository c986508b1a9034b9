import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { operations } from '@modelreins/contract'
import { unreadFields, withoutUnreadFields } from '../../../../tools/bundle/left-out.ts'
import { workerBundle } from '../../../../tools/bundle/worker-bundle.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

test('the deployed module has every path, and neither summaries, examples nor the writer of JSON Schema', async () => {
  const { code, map } = await workerBundle({ root, minify: true })
  for (const row of Object.values(operations)) {
    expect({ path: row.path, there: code.includes(row.path) }).toEqual({ path: row.path, there: true })
    expect({ summary: row.summary, there: code.includes(row.summary) }).toEqual({ summary: row.summary, there: false })
  }
  expect(code.includes('unevaluatedProperties')).toBe(false)
  expect(JSON.parse(map ?? '').sources).toEqual(expect.arrayContaining([expect.stringMatching(/src\/index\.ts$/)]))
})

test('the module for this machine keeps names and has its source map inside', async () => {
  const { code, map } = await workerBundle({ root, minify: false, entry: `export * from ${JSON.stringify(join(root, 'src/index.ts'))}` })
  expect(/\bTenantObject = class\b/.test(code)).toBe(true)
  expect(code.includes('//# sourceMappingURL=data:')).toBe(true)
  expect(map).toBeUndefined()
})

test('only fields of rows are left out, wherever they stand in the row', () => {
  const text = `const summary = 1
export const rows = {
  a: operation({ summary: 'A, b', path: '/a', example: { summary: 'kept out', list: [1, { x: 2 }] }, output: thing({ summary: z.string() }), problems: [] }),
  b: operation({ path: '/b', input: z.object({ summary: z.string(), output: z.string() }), output: z.null() }),
}`
  expect(withoutUnreadFields('rows.ts', text)).toBe(`const summary = 1
export const rows = {
  a: operation({ path: '/a', problems: [] }),
  b: operation({ path: '/b', input: z.object({ summary: z.string(), output: z.string() }), }),
}`)
})

test('no file of the Worker that has the operations table reads a field that is left out', () => {
  const readers = globSync(['src/**/*.ts', 'durable-objects/**/*.ts'], { cwd: root })
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => /import (type )?\{[^}]*\b(operations|Operation)\b[^}]*\} from '@modelreins\/contract'/.test(text))
  expect(readers.length).toBeGreaterThan(4)
  // `row`, `operation` or the table itself, as these files call it; or taken apart in a declaration.
  const field = new RegExp(
    String.raw`(\b(row|operation)|operations\[[^\]]*\])\??\.(${unreadFields.join('|')})\b|\{[^}]*\b(${unreadFields.join('|')})\b[^}]*\} = (row|operation)`,
  )
  for (const { path, text } of readers) expect(field.exec(text)?.[0] ?? path).toBe(path)
})
