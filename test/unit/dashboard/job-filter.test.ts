/** Says how the words of the job list's filter are read, and what a saved view keeps of them. */
import { jobList } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { filterWords, jobNumber, readFilter } from '../../../dashboard/src/screens/jobs/filter.ts'
import { checkName, viewLimits, viewOf, viewsIn } from '../../../dashboard/src/screens/jobs/views.ts'

describe('the filter of the job list', () => {
  test('reads states and words into what the operation takes', () => {
    const q = 'worker:alpha capability:email.reply thread:t-1 effort:deep error:worker_lost by:"Rosa Diaz" fan-out:12'
    const { filter, faults } = readFilter({ status: 'failed,retry', q })
    expect(faults).toEqual([])
    expect(filter).toEqual({
      status: ['failed', 'retry'],
      worker: 'alpha',
      capability: 'email.reply',
      thread_id: 't-1',
      effort: 'deep',
      error: 'worker_lost',
      created_by: 'Rosa Diaz',
      parent_id: 12,
    })
    expect(jobList.safeParse(filter).success).toBe(true)
  })

  test('takes every word that it explains', () => {
    for (const { example } of filterWords) expect(readFilter({ q: example })).toMatchObject({ faults: [] })
  })

  test('says of every other word what to write instead', () => {
    expect(readFilter({ q: 'alpha effort:huge fan-out:x worker:"" thread:' }).faults).toHaveLength(3)
    expect(readFilter({ q: 'alpha "beta worker:mac' }).faults).toEqual([
      expect.stringMatching(/^"alpha", "beta worker:mac" filter nothing: write worker:/),
    ])
    expect(readFilter({ q: 'alpha' }).faults).toEqual([expect.stringMatching(/^"alpha" filters nothing: write worker:/)])
    expect(readFilter({ status: 'nonsense' })).toEqual({ filter: {}, faults: [] })
    expect(readFilter({ q: 'by:"Rosa' }).filter).toEqual({ created_by: 'Rosa' })
  })

  test('knows a number for a job', () => {
    expect([jobNumber('12'), jobNumber(' #7 '), jobNumber('0'), jobNumber('t-12')]).toEqual(['12', '7', undefined, undefined])
  })
})

describe('saved views', () => {
  const views = [
    { name: 'Lost', status: 'failed', q: 'error:worker_lost' },
    { name: 'Mine', status: '', q: 'by:Rosa' },
  ]

  test('are found by the filter that they stand for', () => {
    expect(viewOf(views, { status: 'failed', q: 'error:worker_lost' })?.name).toBe('Lost')
    expect(viewOf(views, { q: 'by:Rosa' })?.name).toBe('Mine')
    expect(viewOf(views, {})).toBeUndefined()
  })

  test('outlive whatever else is written in their place', () => {
    expect(viewsIn(JSON.stringify(views))).toEqual(views)
    for (const text of [undefined, '', '{', 'null', '{"a":1}', '[1,null,{"name":1}]']) expect(viewsIn(text)).toEqual([])
    expect(viewsIn(JSON.stringify([...views, { name: '', status: '', q: '' }, 7]))).toEqual(views)
    const many = Array.from({ length: 200 }, (_, index) => ({ name: `v${index}`, status: '', q: 'x'.repeat(9_000) }))
    expect(viewsIn(JSON.stringify(many))).toHaveLength(viewLimits.views)
    expect(viewsIn(JSON.stringify(many))[0]?.q).toHaveLength(500)
  })

  test('have names of their own', () => {
    expect(checkName(views, '  Deep   ones ')).toEqual({ name: 'Deep ones' })
    expect(checkName(views, ' ')).toHaveProperty('fault')
    expect(checkName(views, 'lost')).toHaveProperty('fault')
    expect(checkName(views, 'LOST', 'Lost')).toEqual({ name: 'LOST' })
  })
})
