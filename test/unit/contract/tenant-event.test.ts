import { describe, expect, it } from 'vitest'
import { auditActions, mirrorOf, tenantEvents, webhookEvents, type EventRow } from '@modelreins/contract'

describe('the table of events', () => {
  it('spells every action as noun and verb, and says it in a sentence', () => {
    for (const action of auditActions) {
      expect(action).toMatch(/^[a-z_]+\.[a-z_]+$/)
      expect(tenantEvents[action].says).toMatch(/^[A-Z].*\.$/)
    }
  })

  it('copies nothing that its row does not name', () => {
    for (const action of auditActions) {
      const row: EventRow = tenantEvents[action]
      if (row.mirrors !== undefined) expect(row.fields).toContain(`${row.mirrors}_id`)
    }
  })

  it('knows what may have ended a job or changed a worker, and nothing of actions it does not know', () => {
    expect(mirrorOf('job.complete')).toBe('job')
    expect(mirrorOf('review.deny')).toBe('job')
    expect(mirrorOf('worker.pause')).toBe('worker')
    expect(mirrorOf('job.start')).toBeUndefined()
    expect(mirrorOf('worker.invented')).toBeUndefined()
    expect(mirrorOf('constructor')).toBeUndefined()
  })

  it('has a row behind every webhook', () => {
    const behind = { 'review.created': 'review.open', 'review.settled': 'review.approve', 'review.reminded': 'review.remind' } as const
    for (const action of [...Object.values(behind), 'review.escalate', 'killswitch.raise', 'job.remind'])
      expect(auditActions).toContain(action)
    expect(webhookEvents).toHaveLength(6)
  })
})
