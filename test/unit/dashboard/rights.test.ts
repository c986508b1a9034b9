/** Says that the dashboard shows each role the buttons that the server lets it use, no more and no less. */
import { roles, scopes } from '@modelreins/contract'
import { expect, test } from 'vitest'
import { roleShows } from '../../../dashboard/src/api/rights.ts'
import { roleMay } from '../../../src/domain/access/access.ts'

test.each(roles)('%s', (role) => {
  expect(scopes.filter((scope) => roleShows(role, scope))).toEqual(scopes.filter((scope) => roleMay(role, scope)))
})
