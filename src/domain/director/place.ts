/**
 * Responsible for the place (machine and directory) that a worker works in, if its operator limits that place to one job at a time. Several workers
 * can share a place. Pure.
 */
import type { WorkerConfig } from '@modelreins/contract'

interface Placed {
  readonly worker_id: string
  readonly config: WorkerConfig
  readonly profile: { readonly place?: string }
}

/** The machine and directory that the worker reports; until it reports one, a place of its own. Undefined when the operator set no such limit. */
export const placeOf = ({ worker_id, config, profile }: Placed): string | undefined =>
  config.concurrency_key === 'workdir' ? (profile.place ?? `of ${worker_id}`) : undefined
