/** Responsible for the rows of the operations table about the context of a job. */
import * as context from '../context.ts'
import { operation } from './row.ts'

export const contextOperations = {
  'context.get': operation({
    method: 'GET',
    path: '/api/v1/context',
    seedPaths: ['/context'],
    scope: 'work',
    by: 'tenant',
    repeat: 'safe',
    tool: false,
    summary: 'Context of a job: earlier turns of its thread, or tenant context',
    input: context.contextQuery,
    example: { job_id: 42, policy: 'last:5', budget: 8000 },
    output: context.contextReply,
    status: 200,
    problems: ['not-found', 'gone'],
  }),
} as const
