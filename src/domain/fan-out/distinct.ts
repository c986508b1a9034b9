/** Responsible for which workers count as the same when the answers of a fan-out must come from different ones. Pure. */
import type { JobRequest } from '@modelreins/contract'

export type Distinct = NonNullable<JobRequest['fan_out']>['distinct']

export interface Like {
  readonly worker_id: string
  readonly provider: string | null
  readonly model: string | null
}

/** Two workers with the same key count as one. */
export const distinctKey = ({ worker_id, provider, model }: Like, distinct: Distinct): string => {
  if (distinct === 'worker') return worker_id
  return distinct === 'provider' ? (provider ?? '') : `${provider ?? ''}/${model ?? ''}`
}

/** The workers that are already asked, or that count as the same as one of them. */
export function sameAs<Worker extends Like>(asked: readonly Like[], workers: Iterable<Worker>, distinct: Distinct): readonly Worker[] {
  const ids = new Set(asked.map(({ worker_id }) => worker_id))
  const keys = new Set(asked.map((one) => distinctKey(one, distinct)))
  return [...workers].filter((worker) => ids.has(worker.worker_id) || keys.has(distinctKey(worker, distinct)))
}
