/** Responsible for turning a draft of Chat into a request, and for finding faults in it. It draws nothing. */
import { limits, type Effort, type Input, type MergeKind } from '@modelreins/contract'
import type { Draft } from './draft.ts'
import { merges } from './merges.ts'
import { effortStops, modes } from './stops.ts'

/** Quorum and deadline of the draft, as far as they are given and valid. */
function limitsOf({ targets, quorum, minutes }: Draft, by: MergeKind): { readonly quorum?: number; readonly deadline?: number } {
  const enough = Math.min(Math.round(Number(quorum)), targets.length)
  const deadline = Math.round(Number(minutes) * 60)
  return { ...(enough > 0 && by !== 'first' ? { quorum: enough } : {}), ...(deadline > 0 ? { deadline } : {}) }
}

export interface DraftFaults {
  readonly quorum: string
  readonly minutes: string
}
export const isFaulty = ({ quorum, minutes }: DraftFaults): boolean => quorum !== '' || minutes !== ''

function numberFault(text: string, most: number, tooMuch: string): string {
  if (text.trim() === '') return ''
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) return 'Enter a number above 0.'
  return value > most ? tooMuch : ''
}

/** The faults of the fields of a fan-out, each as a sentence; '' for none. Hidden fields are not checked. */
export function faultsOf({ targets, merge, quorum, minutes }: Draft): DraftFaults {
  if (targets.length < 2) return { quorum: '', minutes: '' }
  const most = limits.timeout_max_ms / 60_000
  const whole = Number.isInteger(Number(quorum)) ? '' : 'Enter a whole number.'
  return {
    quorum: merge === 'first' ? '' : numberFault(quorum, targets.length, `Only ${targets.length} workers are asked.`) || whole,
    minutes: numberFault(minutes, most, `At most ${most} minutes.`),
  }
}

/** `follows`: the thread already has turns, which the worker reads as context. */
export function requestOf(draft: Draft, thread: string, follows: boolean): Input<'jobs.dispatch'> {
  const effort: Effort = effortStops.find((stop) => stop.value === draft.effort)?.value ?? 'standard'
  const mode = modes.find((one) => one.value === draft.mode)?.value
  const [first, ...others] = draft.targets
  const by = merges.find((one) => one.value === draft.merge)?.value ?? 'worker'
  const at = new Date(draft.not_before)
  return {
    prompt: draft.prompt,
    effort,
    thread_id: thread,
    ...(follows ? { context: 'thread' } : {}),
    ...(draft.from === '' ? {} : { context_from: Number(draft.from) }),
    ...(draft.not_before === '' || Number.isNaN(at.getTime()) ? {} : { not_before: at.toISOString() }),
    ...(draft.capability.trim() === '' ? {} : { capability: draft.capability.trim() }),
    ...(mode === undefined || mode === 'auto' ? {} : { mode }),
    ...(draft.offline === 'queue' ? { when_offline: 'queue' as const } : {}),
    ...(others.length > 0
      ? { targets: [...draft.targets], merge: { by, ...limitsOf(draft, by) } }
      : first === undefined
        ? {}
        : { target: first }),
  }
}

/** The same draft as the job of a schedule: it has no start time of its own, and continues from no answer, because that may be deleted. */
export function repeatedOf(draft: Draft, thread: string): Input<'schedules.create'>['job'] {
  const { not_before: _at, context_from: _from, thread_id: _thread, ...job } = requestOf(draft, thread, thread !== '')
  return thread === '' ? job : { ...job, thread_id: thread }
}
