/** Responsible for the rows of the operations table about the settings of a tenant. */
import * as service from '../service.ts'
import * as settings from '../settings.ts'
import { operation } from './row.ts'

export const settingsOperations = {
  'settings.get': operation({
    method: 'GET',
    path: '/api/v1/settings',
    scope: 'workers.read',
    by: 'tenant',
    repeat: 'safe',
    tool: false,
    summary: 'Settings of the tenant',
    input: service.emptyInput,
    example: {},
    output: settings.tenantSettings,
    status: 200,
    problems: [],
  }),
  'settings.update': operation({
    method: 'PATCH',
    path: '/api/v1/settings',
    scope: 'members.manage',
    by: 'tenant',
    repeat: 'safe',
    tool: false,
    summary: 'Change settings, null resets one; a change that reduces protection waits for a review where the tenant has reviewers',
    input: settings.settingsPatch,
    example: { default_effort: 'deep', retention_days: 30 },
    output: settings.tenantSettings,
    status: 200,
    problems: [],
  }),
} as const
