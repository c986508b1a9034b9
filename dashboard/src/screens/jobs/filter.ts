/** Responsible for the filter of the job list, in its three forms: typed words, the address, and the operation's input. */
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
  readonly error?: string
  readonly created_by?: string
  readonly parent_id?: number
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

/** The filters that can be typed, each with an example; shown beside the field. */
export const filterWords = [
  { word: 'worker:', example: 'worker:mac-mini', about: 'jobs of this worker' },
  { word: 'capability:', example: 'capability:email.reply', about: 'jobs for this capability' },
  { word: 'thread:', example: 'thread:t-release', about: 'jobs of this thread' },
  { word: 'error:', example: 'error:worker_lost', about: 'jobs whose last attempt ended with this class of error' },
  { word: 'effort:', example: 'effort:deep', about: efforts.join(', ') },
  { word: 'by:', example: 'by:Rosa', about: 'jobs that this member dispatched' },
  { word: 'fan-out:', example: 'fan-out:12', about: 'children of this fan-out, and its merge job' },
] as const

export interface ReadFilter {
  readonly filter: JobFilter
  /** Words that are no known filter, each with what to do about it. */
  readonly faults: readonly string[]
}

/** Splits the text into words; text in double quotes stays together: `by:"Rosa Diaz"`. */
const wordsOf = (text: string): readonly string[] => text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? []

/** `worker:name capability:email.reply thread:t1 error:worker_lost effort:deep by:"Rosa Diaz" fan-out:12`, in any order. */
export function readFilter(search: JobSearch): ReadFilter {
  const filter: { -readonly [Key in keyof JobFilter]: JobFilter[Key] } = {}
  const faults: string[] = []
  const unknown: string[] = []
  const wanted = (search.status ?? '').split(',').flatMap((word) => statuses.filter((status) => status === word))
  if (wanted.length > 0) filter.status = wanted
  for (const word of wordsOf(search.q ?? '')) {
    const [, name = '', quoted = ''] = /^([a-z-]+):(.+)$/.exec(word) ?? []
    const value = quoted.replaceAll('"', '')
    const effort = efforts.find((one) => one === value)
    if (value !== '' && name === 'worker') filter.worker = value
    else if (value !== '' && name === 'capability') filter.capability = value
    else if (value !== '' && name === 'thread') filter.thread_id = value
    else if (value !== '' && name === 'error') filter.error = value
    else if (value !== '' && name === 'by') filter.created_by = value
    else if (name === 'fan-out' && /^[1-9]\d{0,14}$/.test(value)) filter.parent_id = Number(value)
    else if (name === 'fan-out') faults.push(`"${word}" filters nothing: write the number of the fan-out, such as fan-out:12.`)
    else if (name === 'effort' && effort !== undefined) filter.effort = effort
    else if (name === 'effort') faults.push(`There is no effort "${value}": use ${efforts.join(', ')}.`)
    else unknown.push(word.replaceAll('"', ''))
  }
  if (unknown.length > 0) {
    const words = unknown.map((word) => `"${word}"`).join(', ')
    faults.push(
      `${words} ${unknown.length === 1 ? 'filters' : 'filter'} nothing: write ${filterWords.map((one) => one.example).join(', ')}.`,
    )
  }
  return { filter, faults }
}

/** The job number when a job was typed instead of a filter: `12` or `#12`. */
export const jobNumber = (text: string): string | undefined => /^#?([1-9]\d{0,14})$/.exec(text.trim())?.[1]
