/** Responsible for what the job list is filtered by: the words that a person types, the address, and the operation's input. */
import type { Effort, JobStatus } from '@modelreins/contract'

export interface JobSearch {
  readonly status?: string
  readonly q?: string
}

export interface JobFilter {
  readonly status?: JobStatus[]
  readonly thread_id?: string
  readonly capability?: string
  readonly worker?: string
  readonly effort?: Effort
}

const statuses: readonly JobStatus[] = ['pending', 'running', 'retry', 'done', 'failed']
const efforts: readonly Effort[] = ['trivial', 'quick', 'standard', 'deep', 'critical']

export const tabs = [
  { name: 'All', status: undefined },
  { name: 'Queued', status: 'pending' },
  { name: 'Running', status: 'running' },
  { name: 'Retry', status: 'retry' },
  { name: 'Done', status: 'done' },
  { name: 'Failed', status: 'failed' },
] as const

export interface ReadFilter {
  readonly filter: JobFilter
  /** Words that no filter knows, each with what to do about it. */
  readonly faults: readonly string[]
}

/** `worker:name capability:email.reply thread:t1 effort:deep`, in any order. */
export function readFilter(search: JobSearch): ReadFilter {
  const filter: { -readonly [Key in keyof JobFilter]: JobFilter[Key] } = {}
  const faults: string[] = []
  const wanted = (search.status ?? '').split(',').flatMap((word) => statuses.filter((status) => status === word))
  if (wanted.length > 0) filter.status = wanted
  for (const word of (search.q ?? '').split(/\s+/).filter((part) => part !== '')) {
    const [, name = '', value = ''] = /^([a-z]+):(.+)$/.exec(word) ?? []
    const effort = efforts.find((one) => one === value)
    if (name === 'worker') filter.worker = value
    else if (name === 'capability') filter.capability = value
    else if (name === 'thread') filter.thread_id = value
    else if (name === 'effort' && effort !== undefined) filter.effort = effort
    else if (name === 'effort') faults.push(`There is no effort "${value}": use ${efforts.join(', ')}.`)
    else faults.push(`"${word}" filters nothing: write worker:NAME, capability:NAME, thread:ID or effort:WORD.`)
  }
  return { filter, faults }
}
