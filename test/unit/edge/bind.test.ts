/** Says that every path of the operations table is bound, once, and that fixed paths go before those with parameters. */
import { type Operation, operations } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { boundPaths } from '../../../src/edge/bind.ts'

const rows: readonly (readonly [string, Operation])[] = Object.entries(operations)
const paths = boundPaths()

describe('bound paths', () => {
  test("are all paths of the table, the seeds' own as tolerant ones", () => {
    for (const [id, row] of rows) {
      const at = (path: string) => paths.find((one) => one.path === path)?.methods.get(row.method)
      expect(at(row.path)).toEqual({ id, tolerant: false })
      for (const path of row.seedPaths ?? []) expect(at(path)).toEqual({ id, tolerant: true })
      for (const path of row.aliases ?? []) expect(at(path)).toEqual({ id, tolerant: false })
    }
  })

  test('say what is allowed there, HEAD wherever GET is', () => {
    expect(paths.find((one) => one.path === '/presence')?.allow).toBe('PUT, GET, HEAD')
    expect(paths.find((one) => one.path === '/dispatch')?.allow).toBe('POST')
  })

  test('put /jobs/abort before /jobs/:job_id', () => {
    const order = paths.map((one) => one.path)
    expect(order.indexOf('/api/v1/jobs/abort')).toBeLessThan(order.indexOf('/api/v1/jobs/:job_id'))
    expect(order.indexOf('/api/v1/workers/register')).toBeLessThan(order.indexOf('/api/v1/workers/:worker_id'))
  })

  test('are open only where nothing asks for a token', () => {
    expect(paths.filter((one) => one.open).map((one) => one.path)).toEqual(
      expect.arrayContaining(['/health', '/openapi.json', '/docs', '/api/v1/views/:view_id/reveal']),
    )
    expect(paths.find((one) => one.path === '/killswitch')?.open).toBe(false)
  })
})
