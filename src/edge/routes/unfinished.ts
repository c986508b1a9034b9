/** Responsible for the operations of the table that nothing implements yet: they are neither bound nor shown in `openapi.json`. */
import type { OperationId } from '@modelreins/contract'

const unfinished = [] as const satisfies readonly OperationId[]
export type UnfinishedId = (typeof unfinished)[number]

export const implemented = (id: OperationId): id is Exclude<OperationId, UnfinishedId> => !unfinished.some((name) => name === id)
