/** Says that the contract in the page is the contract, but for its schemas: the SDK's client runs on it unchanged. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { operations, type OperationId } from '@modelreins/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { contractText } from '../../../dashboard/build/contract-without-schemas.ts'

const folder = mkdtempSync(join(tmpdir(), 'modelreins-contract-'))
let table: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {}
beforeAll(async () => {
  const file = join(folder, 'contract.mjs')
  // The table alone: what it is made of stands before it, and the functions behind it are taken only where they are used.
  const text = contractText().split('\n')
  const from = text.findIndex((line) => line.startsWith('const open'))
  const to = text.findIndex((line) => line.startsWith('export const operationIds'))
  writeFileSync(file, text.slice(from, to).join('\n'))
  const made: { readonly operations: typeof table } = await import(pathToFileURL(file).href)
  table = made.operations
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const readByTheClient = ['method', 'path', 'scope', 'repeat', 'held', 'produces', 'body', 'token'] as const

test('every operation has the fields that the client reads, and lets pass what it is given', () => {
  expect(Object.keys(table)).toEqual(Object.keys(operations))
  for (const [id, row] of Object.entries(operations)) {
    const made = table[id] ?? {}
    for (const name of readByTheClient) expect([id, name, made[name]]).toEqual([id, name, Reflect.get(row, name)])
    for (const name of ['input', 'output']) expect(made[name]).toHaveProperty('safeParse')
  }
  const whoami: OperationId = 'members.whoami'
  expect(table).toHaveProperty([whoami])
})
