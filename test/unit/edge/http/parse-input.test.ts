/** Says how one flat input is made of path, query, body and header, and how its issues are named. */
import { type Operation, operations } from '@modelreins/contract'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type RawInput, parseInput } from '../../../../src/edge/http/parse-input.ts'

const raw = (more: Partial<RawInput> = {}): RawInput => ({
  path: {},
  query: new URLSearchParams(),
  body: undefined,
  idempotencyKey: null,
  ...more,
})

function issuesOf(row: Operation, input: Partial<RawInput>, tolerant = false): readonly (readonly [string, string])[] {
  const parsed = parseInput(row, raw(input), tolerant)
  return parsed.ok ? [] : (parsed.failure.issues ?? []).map((issue) => [issue.path, issue.message] as const)
}

const valueOf = (row: Operation, input: Partial<RawInput>, tolerant = false): unknown => {
  const parsed = parseInput(row, raw(input), tolerant)
  return parsed.ok ? parsed.value : parsed.failure
}

const dispatch = operations['jobs.dispatch']
const list = operations['jobs.list']
const abort = operations['jobs.abort']

describe('on our own path', () => {
  test('every issue is named, those of the request and those of the schema', () => {
    const issues = issuesOf(dispatch, {
      body: { prompt: '', priority: 99, color: 'red', tags: [1] },
      query: new URLSearchParams('effort=deep'),
    })
    expect(issues.map(([path]) => path).toSorted()).toEqual(['color', 'effort', 'priority', 'prompt', 'tags.0'])
    expect(Object.fromEntries(issues)).toMatchObject({
      color: 'is not a field of this request',
      effort: 'belongs in the body, not in the query',
    })
  })

  test('what is missing is called missing', () => {
    expect(issuesOf(dispatch, { body: {} })).toEqual([['prompt', 'is required']])
  })

  test('a field given twice in the query is refused, not chosen from', () => {
    expect(issuesOf(list, { query: new URLSearchParams('limit=1&limit=2') })).toEqual([['limit', 'is given more than once']])
  })

  test('null is a value', () => {
    expect(issuesOf(dispatch, { body: { prompt: 'x', thread_id: null } }).map(([path]) => path)).toEqual(['thread_id'])
  })

  test('the path and the body must not disagree', () => {
    expect(issuesOf(abort, { path: { job_id: '5' }, body: { job_id: 6 } })).toEqual([['job_id', 'differs from the path']])
    expect(valueOf(abort, { path: { job_id: '5' }, body: { job_id: 5 } })).toEqual({ job_id: 5 })
  })

  test('a choice between spellings says what each would take', () => {
    const [issue] = issuesOf(dispatch, { body: { prompt: 'x', target: '../etc' } })
    expect(issue?.[0]).toBe('target')
    expect(issue?.[1]).toContain('letters, digits')
  })
})

describe('on a path of the seeds', () => {
  test('unknown fields are ignored and null means absent', () => {
    const body = { prompt: 'x', thread_id: null, worker_type: 'silicon', capability: null }
    expect(valueOf(dispatch, { body, query: new URLSearchParams('v=2') }, true)).toEqual({ prompt: 'x' })
  })

  test('what is known must still be right', () => {
    expect(issuesOf(dispatch, { body: { prompt: 7 } }, true).map(([path]) => path)).toEqual(['prompt'])
  })
})

describe('text of paths and queries', () => {
  test('becomes numbers, lists and flags where the schema has them', () => {
    const query = new URLSearchParams('limit=20&status=done,failed&thread_id=7')
    expect(valueOf(list, { query })).toEqual({ limit: 20, status: ['done', 'failed'], thread_id: '7' })
    expect(valueOf(operations['workers.list'], { query: new URLSearchParams('include_revoked=1') })).toEqual({ include_revoked: true })
  })

  test.each(['', ' ', '1.5', '1e3', '-1', '0', '0x10', 'NaN', '99999999999999999999', '１２'])('%j is no job id', (job_id) => {
    expect(issuesOf(operations['jobs.get'], { path: { job_id } }).map(([path]) => path)).toEqual(['job_id'])
  })
})

describe('the Idempotency-Key header', () => {
  test('fills the field where the operation has it, and nothing elsewhere', () => {
    expect(valueOf(dispatch, { body: { prompt: 'x' }, idempotencyKey: 'once' })).toEqual({ prompt: 'x', idempotency_key: 'once' })
    expect(valueOf(abort, { path: { job_id: '1' }, body: {}, idempotencyKey: 'once' })).toEqual({ job_id: 1 })
  })

  test('must not disagree with the body', () => {
    const body = { prompt: 'x', idempotency_key: 'other' }
    expect(issuesOf(dispatch, { body, idempotencyKey: 'once' })).toEqual([['idempotency_key', 'differs from the Idempotency-Key header']])
  })
})

test('an answer is never much larger for having many issues', () => {
  const body = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`${'k'.repeat(500)}${at}`, at]))
  const parsed = parseInput(dispatch, raw({ body: { prompt: 'x', ...body } }), false)
  expect(parsed.ok).toBe(false)
  expect(JSON.stringify(parsed).length).toBeLessThan(30_000)
  expect(JSON.stringify(parsed)).toContain('more issues')
})

test('names that mean something to JavaScript are only names', () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const body = JSON.parse(`{"prompt": "x", ${JSON.stringify(name)}: {"polluted": true}}`)
    expect(
      issuesOf(dispatch, { body }).map(([path]) => path),
      name,
    ).toEqual([name])
    expect(valueOf(dispatch, { body }, true)).toEqual({ prompt: 'x' })
  }
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})

test('any input at all is answered', () => {
  const rows = Object.values(operations) as readonly Operation[]
  fc.assert(
    fc.property(
      fc.constantFrom(...rows),
      fc.dictionary(fc.string(), fc.string()),
      fc.option(fc.dictionary(fc.constantFrom('prompt', 'jobs', 'status', 'error', 'leases', 'details', 'x'), fc.jsonValue()), {
        nil: undefined,
      }),
      fc.boolean(),
      (row, query, body, tolerant) => {
        const parsed = parseInput(row, raw({ query: new URLSearchParams(query), body, path: { job_id: query.x ?? '1' } }), tolerant)
        return parsed.ok || (parsed.failure.code === 'invalid-request' && (parsed.failure.issues ?? []).length > 0)
      },
    ),
    { numRuns: 2_000 },
  )
})
