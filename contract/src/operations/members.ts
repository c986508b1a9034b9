/** Responsible for the rows of the operations table about members, their keys, and one-time views. It knows no implementation. */
import * as members from '../member.ts'
import * as service from '../service.ts'
import { operation } from './row.ts'

export const membersOperations = {
  'members.whoami': operation({
    method: 'GET',
    path: '/api/v1/whoami',
    scope: 'self',
    summary: 'Say whose token this is',
    input: service.nothing,
    output: members.whoami,
    status: 200,
    problems: [],
  }),
  'members.create': operation({
    method: 'POST',
    path: '/api/v1/members',
    scope: 'members.manage',
    summary: 'Add a member; the key is delivered once through view_url',
    input: members.memberRequest,
    output: members.memberCreated,
    status: 201,
    problems: ['name-taken'],
  }),
  'members.list': operation({
    method: 'GET',
    path: '/api/v1/members',
    scope: 'members.manage',
    summary: 'List members',
    input: members.memberList,
    output: members.memberPage,
    status: 200,
    problems: [],
  }),
  'members.revoke': operation({
    method: 'DELETE',
    path: '/api/v1/members/:member_id',
    scope: 'members.manage',
    summary: 'Stop a member key; the row stays',
    input: members.memberRef,
    output: members.member,
    status: 200,
    problems: ['not-found', 'conflict'],
  }),
  'members.rotate': operation({
    method: 'POST',
    path: '/api/v1/members/:member_id/rotate',
    scope: 'members.manage',
    summary: 'Replace a member key; the old one stops at once, and so do the attempts of its companions unless keep_running',
    input: members.memberRotation,
    output: members.rotated,
    status: 200,
    problems: ['not-found', 'wrong-state'],
  }),
  'views.reveal': operation({
    method: 'POST',
    path: '/api/v1/views/:view_id/reveal',
    scope: 'public',
    summary: 'Take the ciphertext of a one-time view and erase it',
    input: members.viewReveal,
    output: members.sealedView,
    status: 200,
    problems: ['not-found', 'gone'],
  }),
} as const
