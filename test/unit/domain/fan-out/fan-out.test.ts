/** Says what a fan-out does next, for every state of its children, and what its answers become. */
import { answerMark, byteLength, limits } from '@modelreins/contract'
import type { JobStatus, MergeKind } from '@modelreins/contract'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { attributeAnswers, countVotes, fairShares, mergePrompt } from '../../../../src/domain/fan-out/answers.ts'
import { nextStep } from '../../../../src/domain/fan-out/fan-out.ts'
import type { Child, FanOut, MergePlan } from '../../../../src/domain/fan-out/fan-out.ts'

const at = 1_000_000
const child = (job_id: number, status: JobStatus, result = `answer ${job_id}`): Child => ({
  job_id,
  worker: `w${job_id}`,
  status,
  result: status === 'done' ? result : null,
  stored: null,
  ended_at: status === 'done' || status === 'failed' ? at - 100 + job_id : null,
})
const fanOut = (by: MergeKind, children: readonly Child[], more: Partial<MergePlan> = {}, merge: FanOut['merge'] = null): FanOut => ({
  prompt: 'What is it?',
  plan: { by, worker: null, prompt: null, quorum: null, deadline_at: null, vote_field: null, ...more },
  children,
  merge,
})
const three = [child(1, 'done'), child(2, 'done'), child(3, 'failed')]

describe('a fan-out waits', () => {
  test('while a child has not ended and neither quorum nor deadline is reached', () => {
    const children = [child(1, 'done'), child(2, 'running'), child(3, 'failed')]
    for (const by of ['worker', 'concat', 'vote', 'none'] as const) {
      expect(nextStep(fanOut(by, children), at), by).toEqual({ kind: 'wait' })
      expect(nextStep(fanOut(by, children, { quorum: 2, deadline_at: at + 1 }), at), by).toEqual({ kind: 'wait' })
    }
  })

  test('for its merge job', () => {
    const merge = { job_id: 9, status: 'running', result: null, stored: null } as const
    expect(nextStep(fanOut('worker', three, {}, merge), at)).toEqual({ kind: 'wait' })
  })
})

describe('a fan-out merges', () => {
  test('what it had when the merge began: a later answer is missing, unless the merge fails and all answers stand one after the other', () => {
    const children = [child(1, 'done'), child(2, 'done'), child(3, 'done')]
    const merged = { job_id: 9, from: [1, 2], result: 'both', stored: null } as const
    const state = (status: 'done' | 'failed') => nextStep(fanOut('worker', children, { quorum: 2 }, { ...merged, status }), at)
    expect(state('done')).toMatchObject({ kind: 'done', result: 'both', merge: { answered: 2, failed: 0, missing: 1, degraded: false } })
    expect(state('failed')).toMatchObject({ kind: 'done', merge: { answered: 3, missing: 0, degraded: true } })
  })

  test('when all children have ended, when enough have answered, and when the deadline has passed', () => {
    const some = [child(1, 'done'), child(2, 'running')]
    for (const [children, more] of [
      [three, {}],
      [some, { quorum: 1 }],
      [some, { deadline_at: at }],
    ] as const) {
      const step = nextStep(fanOut('worker', children, more), at)
      expect(step.kind).toBe('merge')
      expect(step.kind === 'merge' && step.prompt).toContain('## w1 (job 1) [a]\n\nanswer 1')
    }
  })

  test('under letters that count every child, whoever has answered', () => {
    const step = nextStep(fanOut('worker', [child(1, 'failed'), child(2, 'done'), child(3, 'done')]), at)
    const prompt = step.kind === 'merge' ? step.prompt : ''
    expect(prompt).toContain('as in [a]')
    expect([...prompt.matchAll(/^## (w\d) \(job \d\) \[(\w+)\]$/gm)].map(([, worker, mark]) => [worker, mark])).toEqual([
      ['w2', 'b'],
      ['w3', 'c'],
    ])
    const marks = Array.from({ length: limits.fan_out_targets }, (_, place) => answerMark(place))
    expect([marks[0], marks[25], marks[26], marks[31], new Set(marks).size]).toEqual(['a', 'z', 'aa', 'af', limits.fan_out_targets])
  })

  test('by concatenation of what was answered, in the order of the targets', () => {
    const step = nextStep(fanOut('concat', [child(2, 'done'), child(1, 'done'), child(3, 'failed')]), at)
    expect(step).toMatchObject({ kind: 'done', merge: { answered: 2, failed: 1, missing: 0, degraded: false } })
    expect(step.kind === 'done' && step.result).toBe('## w1 (job 1)\n\nanswer 1\n\n## w2 (job 2)\n\nanswer 2')
  })

  test('by vote, and says the counts', () => {
    const children = [child(1, 'done', ' yes\n'), child(2, 'done', 'no'), child(3, 'done', 'yes')]
    expect(nextStep(fanOut('vote', children), at)).toMatchObject({
      kind: 'done',
      result: 'yes',
      merge: {
        counts: [
          { answer: 'yes', count: 2, workers: ['w1', 'w3'] },
          { answer: 'no', count: 1, workers: ['w2'] },
        ],
      },
    })
  })

  test('by vote on one field of JSON answers', () => {
    const children = [
      child(1, 'done', '{"verdict":"bug","why":"a"}'),
      child(2, 'done', '{"verdict":"bug","why":"b"}'),
      child(3, 'done', 'no JSON'),
    ]
    expect(nextStep(fanOut('vote', children, { vote_field: 'verdict' }), at)).toMatchObject({ kind: 'done', result: 'bug' })
  })

  test.each([
    ['verdict', ['{"verdict":"a"}', '{"verdict":"b"}'], undefined],
    [
      'verdict',
      ['{"verdict":"a"}', 'a', '{"else":1}'],
      '2 of 3 answers are not JSON with the field "verdict" (w2, w3) and counted as a whole.',
    ],
    ['verdict', ['{"verdict":null}', '7'], '1 of 2 answers is not JSON with the field "verdict" (w2) and counted as a whole.'],
    ['verdct', ['{"verdict":"a"}', '{"verdict":"a"}'], 'No answer is JSON with the field "verdct": whole answers were counted.'],
    // What every object has is not what an answer said.
    ['toString', ['{"verdict":"a"}'], 'No answer is JSON with the field "toString": whole answers were counted.'],
    [null, ['a', 'a'], undefined],
  ])('by vote on %s, and says of %j whose answers counted as a whole', (vote_field, answers, note) => {
    const children = answers.map((answer, index) => child(index + 1, 'done', answer))
    const step = nextStep(fanOut('vote', children, { vote_field }), at)
    expect(step.kind === 'done' ? step.merge.note : 'not done').toBe(note)
  })

  test('with the first good answer, and wants the others no more', () => {
    const children = [child(1, 'running'), child(2, 'done'), child(3, 'failed'), child(4, 'pending')]
    expect(nextStep(fanOut('first', children), at)).toMatchObject({ kind: 'done', result: 'answer 2', abort: [1, 4] })
  })

  test('with a long answer as a whole: by first, by vote, and as its merge job wrote it', () => {
    const long = { ...child(1, 'done', 'yes'), stored: 'key' }
    expect(nextStep(fanOut('first', [long, child(2, 'pending')]), at)).toMatchObject({ result: 'yes', stored: 'key' })
    expect(nextStep(fanOut('vote', [long, child(2, 'done', 'yes'), child(3, 'done', 'no')]), at)).toMatchObject({
      result: 'yes',
      stored: 'key',
      merge: { note: 'Of long answers (w1) the first 64 KiB were compared.' },
    })
    const merged = { job_id: 9, status: 'done', result: 'begins', stored: 'key' } as const
    expect(nextStep(fanOut('worker', three, {}, merged), at)).toMatchObject({ result: 'begins', stored: 'key' })
    expect(nextStep(fanOut('concat', three), at)).toMatchObject({ stored: null })
  })

  test('with no answer of its own when none is asked for', () => {
    expect(nextStep(fanOut('none', three), at)).toMatchObject({ kind: 'done', result: null })
  })

  test('with what its merge job wrote; with the attributed answers, degraded, when that failed or could not be had', () => {
    const merged = { job_id: 9, status: 'done', result: 'one answer', stored: null } as const
    expect(nextStep(fanOut('worker', three, {}, merged), at)).toMatchObject({
      kind: 'done',
      result: 'one answer',
      merge: { degraded: false, job_id: 9 },
    })
    for (const merge of [{ job_id: 9, status: 'failed', result: null, stored: null } as const, 'refused' as const]) {
      const step = nextStep(fanOut('worker', three, {}, merge), at)
      expect(step).toMatchObject({ kind: 'done', merge: { degraded: true } })
      expect(step.kind === 'done' && step.result).toContain('## w2 (job 2)')
    }
  })

  test('once: a child that is tried again does not take the merge back', () => {
    const children = [child(1, 'done'), child(2, 'retry'), child(3, 'pending')]
    expect(nextStep(fanOut('worker', children, {}, { job_id: 9, status: 'running', result: null, stored: null }), at)).toEqual({
      kind: 'wait',
    })
  })
})

describe('a fan-out fails', () => {
  test('when nobody answered, whatever the merge', () => {
    for (const by of ['worker', 'concat', 'vote', 'first', 'none'] as const) {
      const all = nextStep(fanOut(by, [child(1, 'failed'), child(2, 'failed')]), at)
      expect(all, by).toMatchObject({ kind: 'failed', error: { type: 'unanswered', message: 'No worker answered: all 2 failed' } })
      const late = nextStep(fanOut(by, [child(1, 'failed'), child(2, 'running')], { deadline_at: at }), at)
      expect(late, by).toMatchObject({ kind: 'failed', error: { message: 'No worker answered before the deadline' }, abort: [2] })
    }
  })
})

test('a fan-out whose children have all ended never waits without a merge job, and the same state gives the same step', () => {
  const statuses = fc.constantFrom<JobStatus>('done', 'failed')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(statuses, fc.string()), { minLength: 2, maxLength: 6 }),
      fc.constantFrom<MergeKind>('worker', 'concat', 'vote', 'first', 'none'),
      fc.option(fc.integer({ min: 1, max: 6 }), { nil: null }),
      (ends, by, quorum) => {
        const children = ends.map(([status, text], index) => child(index + 1, status, text))
        const step = nextStep(fanOut(by, children, { quorum }), at)
        expect(step.kind).not.toBe('wait')
        expect(nextStep(fanOut(by, children, { quorum }), at)).toEqual(step)
      },
    ),
  )
})

describe('the texts', () => {
  const answers = (...texts: string[]) =>
    texts.map((text, index) => ({ job_id: index + 1, worker: `w${index + 1}`, text, stored: null, mark: answerMark(index) }))

  test('are cut fairly: short answers keep all, long ones share the rest', () => {
    expect(fairShares([10, 1000, 1000], 510)).toEqual([10, 250, 250])
    expect(fairShares([1, 2, 3], 100)).toEqual([1, 2, 3])
    expect(fairShares([], 10)).toEqual([])
  })

  test('stay within their bound for any answers, and say where they were cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 400 }), { minLength: 2, maxLength: 32 }),
        fc.integer({ min: 4_000, max: 9_000 }),
        (texts, bound) => {
          const text = attributeAnswers(answers(...texts), bound)
          expect(byteLength(text)).toBeLessThanOrEqual(bound)
          const cut = texts.filter((one, index) => !text.includes(`## w${index + 1} (job ${index + 1})\n\n${one}`))
          expect(text.split('[cut: the whole answer is the result of job').length - 1).toBeGreaterThanOrEqual(cut.length)
        },
      ),
    )
  })

  test('of 32 answers of 64 KiB fit one prompt', () => {
    const long = 'ä'.repeat(32 * 1024)
    const prompt = mergePrompt(long, answers(...Array.from({ length: 32 }, () => long)), null)
    expect(byteLength(prompt)).toBeLessThanOrEqual(limits.prompt_bytes)
    for (let job = 1; job <= 32; job += 1) expect(prompt).toContain(`[cut: the whole answer is the result of job ${job}]`)
  })

  test('are counted by what they say, the first given winning among equals', () => {
    expect(countVotes(answers('b', 'a', 'a ', 'b'), null).map((one) => [one.answer, one.count])).toEqual([
      ['b', 2],
      ['a', 2],
    ])
  })
})
