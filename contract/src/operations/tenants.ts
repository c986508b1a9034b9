/** Responsible for the rows of the operations table about creating and suspending tenants, for the master. It knows no implementation. */
import * as members from '../member.ts'
import { operation } from './row.ts'

export const tenantsOperations = {
  'tenants.create': operation({
    method: 'POST',
    path: '/api/v1/tenants',
    scope: 'master',
    summary: 'Create a tenant and its first owner',
    input: members.tenantRequest,
    output: members.tenantCreated,
    status: 201,
    problems: ['name-taken'],
  }),
  'tenants.list': operation({
    method: 'GET',
    path: '/api/v1/tenants',
    scope: 'master',
    summary: 'List tenants',
    input: members.tenantList,
    output: members.tenantPage,
    status: 200,
    problems: [],
  }),
  'tenants.suspend': operation({
    method: 'POST',
    path: '/api/v1/tenants/:tenant/suspend',
    scope: 'master',
    summary: 'Refuse every token of a tenant',
    input: members.tenantRef,
    output: members.tenant,
    status: 200,
    problems: ['not-found'],
  }),
  'tenants.resume': operation({
    method: 'POST',
    path: '/api/v1/tenants/:tenant/resume',
    scope: 'master',
    summary: 'Accept the tokens of a suspended tenant again',
    input: members.tenantRef,
    output: members.tenant,
    status: 200,
    problems: ['not-found'],
  }),
} as const
