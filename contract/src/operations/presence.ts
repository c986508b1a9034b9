/** Responsible for the rows of the operations table about heartbeats and presence. */
import * as z from 'zod'
import * as service from '../service.ts'
import * as workers from '../worker.ts'
import { operation } from './row.ts'

export const presenceOperations = {
  'presence.report': operation({
    method: 'PUT',
    path: '/api/v1/presence',
    seedPaths: ['/presence'],
    scope: 'work',
    by: 'tenant',
    repeat: 'safe',
    tool: false,
    summary: 'Heartbeat: renew leases, learn config, aborts and the killswitch',
    input: workers.presenceReport,
    example: { instance: 'mac-mini', status: 'idle', slots: 2, leases: [{ job_id: 42, attempt: 1 }] },
    output: workers.presenceReply,
    status: 200,
    problems: ['name-taken', 'not-found', 'conflict'],
  }),
  'presence.list': operation({
    method: 'GET',
    path: '/api/v1/presence',
    seedPaths: ['/presence'],
    scope: 'workers.read',
    by: 'tenant',
    repeat: 'safe',
    tool: true,
    summary: 'Presence, load, last contact',
    input: service.emptyInput,
    example: {},
    output: z.object({ items: z.array(workers.presence) }),
    status: 200,
    problems: [],
  }),
} as const
