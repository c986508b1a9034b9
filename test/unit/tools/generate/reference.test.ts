import * as z from 'zod'
import { describe, expect, test } from 'vitest'
import { operationIds, problemCodes } from '@modelreins/contract'
import { limitComments, limitsPage, operationsPage, problemsPage } from '../../../../tools/generate/reference.ts'
import { answerWords, fieldsOf } from '../../../../tools/generate/schema-words.ts'

describe('the words for a schema', () => {
  test('say type, bounds and whether a field must be there', () => {
    const input = z.strictObject({
      job_id: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
      limit: z.number().int().min(1).max(200).optional(),
      status: z.array(z.enum(['done', 'failed'])).optional(),
      at: z.iso.datetime().nullable().optional(),
      input: z.json().optional(),
    })
    expect(fieldsOf(input)).toEqual([
      { name: 'job_id', type: 'integer, at least 1', required: true },
      { name: 'limit', type: 'integer, 1 to 200', required: false },
      { name: 'status', type: 'list of one of `done`, `failed`', required: false },
      { name: 'at', type: 'time (ISO 8601, UTC) or null', required: false },
      { name: 'input', type: 'any JSON', required: false },
    ])
  })

  test('call an answer by its name when it has one', () => {
    expect(answerWords(z.object({ id: z.string() }).meta({ id: 'ReferenceTestThing' }))).toBe('ReferenceTestThing')
    expect(answerWords(z.object({ ok: z.boolean(), at: z.string() }))).toBe('{`ok`, `at`}')
  })
})

describe('the reference pages', () => {
  test('have every operation', () => {
    const page = operationsPage()
    for (const id of operationIds) expect(page).toContain(`### ${id}\n`)
  })

  test('have a heading to link to for every problem', () => {
    const page = problemsPage()
    for (const code of problemCodes) expect(page).toContain(`## ${code}\n`)
  })

  test('say limits in units, with the comment that explains each', () => {
    const source = '/** Head. */\nexport const limits = {\n  /** Goes\n   * back. */\n  offer_ms: 5_000,\n  tags: 64,\n}'
    expect(limitComments(source)).toEqual(new Map([['offer_ms', 'Goes back.']]))
    expect(limitsPage(source)).toContain('| `offer_ms` | 5 s | Goes back. |')
    expect(limitsPage(source)).toContain('| `body_bytes` | 1 MiB |')
  })
})
