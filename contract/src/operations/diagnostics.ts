/** Responsible for the row of the operations table about a tenant's self-check. */
import { diagnostics } from '../diagnostics.ts'
import { emptyInput } from '../service.ts'
import { operation } from './row.ts'

export const diagnosticsOperations = {
  'diagnostics.run': operation({
    method: 'GET',
    path: '/api/v1/diagnostics',
    scope: 'audit.read',
    by: 'tenant',
    repeat: 'safe',
    tool: true,
    summary: 'Check what must always hold, now; rows, storage, what waits for the archive, and how far the limits are. Nothing is changed',
    input: emptyInput,
    example: {},
    output: diagnostics,
    status: 200,
    problems: [],
  }),
} as const
