/** Says how the words of the job list's filter are read. */
import { jobList } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { readFilter } from '../../../dashboard/src/screens/jobs/filter.ts'

describe('the filter of the job list', () => {
  test('reads states and words into what the operation takes', () => {
    const { filter, faults } = readFilter({ status: 'failed,retry', q: 'worker:alpha capability:email.reply thread:t-1 effort:deep' })
    expect(faults).toEqual([])
    expect(filter).toEqual({ status: ['failed', 'retry'], worker: 'alpha', capability: 'email.reply', thread_id: 't-1', effort: 'deep' })
    expect(jobList.safeParse(filter).success).toBe(true)
  })

  test('says of every other word what to write instead', () => {
    expect(readFilter({ q: 'alpha effort:huge' }).faults).toHaveLength(2)
    expect(readFilter({ status: 'nonsense' })).toEqual({ filter: {}, faults: [] })
  })
})
