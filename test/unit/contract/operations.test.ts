import { describe, expect, it } from 'vitest'
import { operationIds, operationPaths, operations, type Operation, type Scope } from '@modelreins/contract'

const rows: readonly (readonly [string, Operation])[] = operationIds.map((id) => [id, operations[id]])

describe.each(rows)('%s', (_, row) => {
  it('shows an example that its input accepts as it stands', () => {
    const parsed = row.input.safeParse(row.example)
    expect(parsed.error?.issues ?? []).toEqual([])
    expect(parsed.data).toEqual(row.example)
  })

  it('names every segment of its paths as a field, and shows it in the example', () => {
    for (const path of operationPaths(row)) {
      const names = path.split('/').flatMap((part) => (part.startsWith(':') ? [part.slice(1)] : []))
      for (const name of names) expect(Object.keys(row.example), path).toContain(name)
    }
  })

  it('is repeated safely when it only reads', () => {
    if (row.method === 'GET') expect(row.repeat).toBe('safe')
  })

  it('is repeated by key exactly when it takes one', () => {
    // Bytes have no field for it: their key is a header.
    const takesKey = 'idempotency_key' in row.input.shape || (row.body === 'raw' && row.method === 'POST')
    expect(row.repeat === 'by-key').toBe(takesKey)
  })

  it('is no tool when a human decides, a credential is made, or an answer is not one text', () => {
    const closed: readonly Scope[] = ['public', 'master', 'work', 'attempt', 'reviews.decide', 'killswitch.clear', 'members.manage']
    const text = row.produces === undefined || row.produces.startsWith('text/plain')
    const credential = 'view_url' in Object((row.output as { readonly shape?: object }).shape)
    if (closed.includes(row.scope) || !text || credential) expect(row.tool).toBe(false)
  })
})
