/** Responsible for the place that a worker works in, when its operator has said that only one job at a time may: workers may share one. Pure. */
import type { WorkerConfig } from '@modelreins/contract'

interface Placed {
  readonly worker_id: string
  readonly config: WorkerConfig
  readonly profile: { readonly place?: string }
}

/** The directory that it reports, with its machine; its own until it has reported one. Undefined when jobs need not be kept apart there. */
export const placeOf = ({ worker_id, config, profile }: Placed): string | undefined =>
  config.concurrency_key === 'workdir' ? (profile.place ?? `of ${worker_id}`) : undefined
