/** Responsible for creating a route for every path in the operations table. */
import { type Operation, type OperationId, operationIds, operations, operationPaths } from '@modelreins/contract'

export interface BoundMethod {
  readonly id: OperationId
  /** True for a path of the seeds: unknown fields are ignored, null means absent. */
  readonly tolerant: boolean
}

export interface BoundPath {
  readonly path: string
  readonly methods: ReadonlyMap<Operation['method'], BoundMethod>
  /** The value of the `Allow` header. */
  readonly allow: string
  /** True when no operation on this path needs a token. */
  readonly open: boolean
}

const rowOf = (id: OperationId): Operation => operations[id]
const parameters = (path: string): number => path.split('/').filter((part) => part.startsWith(':')).length

/** All paths with their methods; fixed paths come before those with parameters, so that `/jobs/abort` is not parsed as a job id. */
export function boundPaths(): readonly BoundPath[] {
  const table = new Map<string, Map<Operation['method'], BoundMethod>>()
  for (const id of operationIds) {
    const row = rowOf(id)
    for (const path of operationPaths(row)) {
      const methods = table.get(path) ?? new Map<Operation['method'], BoundMethod>()
      if (methods.has(row.method)) throw new Error(`${row.method} ${path} is bound twice`)
      methods.set(row.method, { id, tolerant: row.seedPaths?.includes(path) ?? false })
      table.set(path, methods)
    }
  }
  return [...table]
    .map(([path, methods]) => ({
      path,
      methods,
      allow: [...methods.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', '),
      open: [...methods.values()].every(({ id }) => rowOf(id).scope === 'public'),
    }))
    .toSorted((left, right) => parameters(left.path) - parameters(right.path))
}
