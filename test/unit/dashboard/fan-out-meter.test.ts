/** Says what the screens tell in numbers: how far a fan-out is, what it cost, and how much waits for a person. */
import type { Job, MergeState } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { titleOf } from '../../../dashboard/src/frame/title.ts'
import { costWords, deadlineWords, madeOf, meterOf } from '../../../dashboard/src/screens/chat/meter.ts'
import { repeatedOf, requestOf } from '../../../dashboard/src/screens/chat/request.ts'
import { stopWords } from '../../../dashboard/src/screens/chat/stops.ts'

const merge = (more: Partial<MergeState> = {}): MergeState => ({
  by: 'worker',
  answered: 0,
  failed: 0,
  missing: 0,
  degraded: false,
  job_id: null,
  ...more,
})
const children = (...statuses: Job['status'][]) => statuses.map((status) => ({ status }))

describe('the quorum meter', () => {
  test('counts answers against those that it waits for', () => {
    expect(meterOf(merge(), children('done', 'running', 'failed', 'pending'))).toMatchObject({ answered: 1, failed: 1, open: 2, wanted: 4 })
    expect(meterOf(merge(), children('done', 'running')).says).toBe('1 of 2 answered, the merge begins after 1 more answer')
    expect(meterOf(merge({ by: 'concat', quorum: 2 }), children('done', 'running', 'retry')).says).toBe(
      '1 of 3 answered, they are merged after 1 more answer (quorum 2)',
    )
    expect(meterOf(merge({ by: 'vote', quorum: 3 }), children('done', 'failed', 'running')).says).toBe(
      '1 of 3 answered, 1 failed, the votes are counted after 1 more answer (quorum 3)',
    )
    expect(meterOf(merge({ by: 'first' }), children('running', 'running'))).toMatchObject({ wanted: 1 })
    expect(meterOf(merge({ job_id: 9, deadline_at: '2026-07-01T12:00:00Z' }), children('done', 'done'))).toMatchObject({
      says: '2 of 2 answered, the answers are being merged',
      deadline: undefined,
    })
  })

  test('counts a deadline down', () => {
    const { deadline } = meterOf(merge({ deadline_at: '2026-07-01T12:00:00Z' }), children('running', 'running'))
    expect(deadlineWords(deadline ?? 0, Date.parse('2026-07-01T11:58:30Z'))).toBe('at the latest in 1 min 30 s')
    expect(deadlineWords(deadline ?? 0, Date.parse('2026-07-01T12:00:00Z'))).toContain('the deadline is reached')
  })
})

test('an answer that came after the merge is not said to be in it, and a picked one is made of itself', () => {
  const child = (id: number, ended_at: string | null) => ({
    job: { id, status: ended_at === null ? ('running' as const) : ('done' as const), ended_at },
  })
  const three = [child(3, '2026-07-01T12:00:09Z'), child(4, '2026-07-01T12:00:01Z'), child(5, '2026-07-01T12:00:02Z')]
  const ids = (state: MergeState, of = three) => madeOf(state, of).map(({ job }) => job.id)
  expect(ids(merge({ answered: 2, missing: 1 }))).toEqual([4, 5])
  expect(ids(merge({ answered: 3 }))).toEqual([3, 4, 5])
  expect(ids(merge({ answered: 1 }), [child(3, null), child(4, '2026-07-01T12:00:01Z')])).toEqual([4])
  const picked = { job_id: 3, worker: 'cleo', by: 'Rosa', at: '2026-07-01T12:01:00Z' }
  expect(ids(merge({ answered: 2, picked }))).toEqual([3])
})

test('what is not known of a cost is said to be unknown, and is not zero', () => {
  const began = { started_at: '2026-07-01T12:00:00Z' }
  const paid = { ...began, usage: { cost_usd: 0.01 } }
  expect(costWords([paid, { ...paid, usage: { cost_usd: 0.025 } }])).toBe('0.0350 USD as reported')
  expect(costWords([paid, { ...began, usage: null }, { started_at: null, usage: null }])).toBe(
    '0.0100 USD as reported, 1 job of unknown cost',
  )
  expect(costWords([{ ...began, usage: { tokens_in: 5 } }])).toBeUndefined()
})

test('the tab says how much waits for this person, and where one is', () => {
  expect([titleOf('Home', 0), titleOf('Jobs', 3), titleOf('Jobs', 260)]).toEqual([
    'Home - ModelReins',
    '(3) Jobs - ModelReins',
    '(199+) Jobs - ModelReins',
  ])
})

test('an effort says its attempts as the tenant has set them', () => {
  expect(stopWords('trivial')).toBe('the smallest local model, 1 attempt')
  expect(stopWords('critical', { critical: 6 })).toBe('the best model there is, 6 attempts, ahead of the queue')
})

describe('what a draft asks for', () => {
  const draft = {
    prompt: 'Go on',
    effort: 'deep',
    mode: 'local',
    offline: 'queue',
    targets: ['anna', 'bert'],
    capability: ' text.write ',
    merge: 'vote',
    quorum: '',
    minutes: '',
    from: '3',
    from_worker: 'bert',
    not_before: '2030-01-02T03:04',
  }
  test('continues with the chosen answer, at the chosen time', () => {
    expect(requestOf(draft, 't', true)).toEqual({
      prompt: 'Go on',
      effort: 'deep',
      thread_id: 't',
      context: 'thread',
      context_from: 3,
      not_before: new Date('2030-01-02T03:04').toISOString(),
      capability: 'text.write',
      mode: 'local',
      when_offline: 'queue',
      targets: ['anna', 'bert'],
      merge: { by: 'vote' },
    })
    const plain = requestOf(
      { ...draft, from: '', not_before: 'soon', targets: ['anna'], mode: 'auto', offline: 'now', capability: '' },
      't',
      false,
    )
    expect(plain).toEqual({ prompt: 'Go on', effort: 'deep', thread_id: 't', target: 'anna' })
  })
  test('waits for no more answers than there are, and for a time that is one', () => {
    const mergeOf = (more: Partial<typeof draft>) => requestOf({ ...draft, ...more }, 't', false).merge
    expect(mergeOf({ quorum: '9', minutes: '1.5' })).toEqual({ by: 'vote', quorum: 2, deadline: 90 })
    expect(mergeOf({ quorum: '-1', minutes: 'soon' })).toEqual({ by: 'vote' })
    expect(mergeOf({ quorum: '1', merge: 'first' })).toEqual({ by: 'first' })
  })
  test('again and again has no time and no answer of its own', () => {
    expect(Object.keys(repeatedOf(draft, ''))).toEqual(['prompt', 'effort', 'capability', 'mode', 'when_offline', 'targets', 'merge'])
    expect(repeatedOf(draft, 't')).toMatchObject({ thread_id: 't', context: 'thread' })
  })
})
