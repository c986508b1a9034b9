/** Says who may do what. */
import { roles, scopes } from '@modelreins/contract'
import { describe, expect, test } from 'vitest'
import { roleMay, workerMay } from '../../../../src/domain/access/access.ts'

const held = (role: (typeof roles)[number]) => scopes.filter((scope) => roleMay(role, scope))

describe('members', () => {
  test('a viewer reads and changes nothing', () => {
    expect(held('viewer').every((scope) => scope === 'self' || scope.endsWith('.read'))).toBe(true)
    expect(roleMay('viewer', 'audit.read')).toBe(false)
  })

  test('a reviewer decides, and dispatches nothing', () => {
    expect(roleMay('reviewer', 'reviews.decide')).toBe(true)
    expect(
      ['jobs.dispatch', 'jobs.abort', 'workers.manage', 'killswitch.raise', 'members.manage'].filter((scope) =>
        held('reviewer').includes(scope as never),
      ),
    ).toEqual([])
  })

  test('whoever may change something may take jobs as a person; a worker token is no person', () => {
    expect(roles.map((role) => roleMay(role, 'jobs.take'))).toEqual(roles.map((role) => role !== 'viewer'))
    expect(workerMay('jobs.take', true)).toBe(false)
  })

  test('an operator runs the fleet, and manages no members and decides no reviews', () => {
    for (const scope of ['jobs.dispatch', 'jobs.abort', 'workers.manage', 'work', 'killswitch.raise', 'killswitch.clear'] as const) {
      expect(roleMay('operator', scope), scope).toBe(true)
    }
    expect(roleMay('operator', 'members.manage')).toBe(false)
    expect(roleMay('operator', 'reviews.decide')).toBe(false)
  })

  test('an owner holds everything that any role holds', () => {
    for (const role of roles) expect(held(role).filter((scope) => !roleMay('owner', scope))).toEqual([])
  })

  test('no role holds what belongs to the master or to a lease', () => {
    for (const role of roles) expect([roleMay(role, 'master'), roleMay(role, 'attempt')]).toEqual([false, false])
  })
})

describe('workers', () => {
  test('never decide, never read the list of jobs, never manage', () => {
    for (const scope of [
      'reviews.decide',
      'jobs.read',
      'jobs.dispatch',
      'jobs.abort',
      'workers.manage',
      'members.manage',
      'audit.read',
    ] as const) {
      expect(workerMay(scope, true), scope).toBe(false)
    }
  })

  test('raise the killswitch only when given the right, and never clear it', () => {
    expect(workerMay('killswitch.raise', false)).toBe(false)
    expect(workerMay('killswitch.raise', true)).toBe(true)
    expect(workerMay('killswitch.clear', true)).toBe(false)
  })
})
