/** Responsible for grouping the jobs of a thread by question: jobs that were sent to several workers at once belong together. */
import type { Job } from '@modelreins/contract'

export interface Turn {
  readonly key: string
  readonly prompt: string
  readonly at: string
  readonly jobs: readonly Job[]
}

/** Metadata that earlier versions of Chat set on all jobs of one message; today a fan-out is one job. */
const groupName = 'chat_turn'

function groupOf(job: Job): string {
  const { metadata } = job
  const group: unknown = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? metadata[groupName] : undefined
  return typeof group === 'string' ? group : `job-${job.id}`
}

/** Oldest first. */
export function turnsOf(jobs: readonly Job[]): readonly Turn[] {
  const groups = new Map<string, Job[]>()
  for (const job of jobs.toSorted((one, other) => one.id - other.id)) {
    const key = groupOf(job)
    groups.set(key, [...(groups.get(key) ?? []), job])
  }
  return [...groups].flatMap(([key, members]) => {
    const first = members[0]
    return first === undefined ? [] : [{ key, prompt: first.prompt, at: first.created_at, jobs: members }]
  })
}
