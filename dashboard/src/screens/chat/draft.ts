/** Responsible for the unsent message of Chat, as a value and as the text that the browser stores. */

export interface Draft {
  readonly prompt: string
  readonly effort: string
  readonly mode: string
  /** What happens when no worker is there: `now` or `queue`. */
  readonly offline: string
  readonly targets: readonly string[]
  readonly capability: string
  readonly merge: string
  /**
   * For a fan-out: how many answers suffice, and after how many minutes it continues with those that have come; '' means all answers, and no time
   * limit.
   */
  readonly quorum: string
  readonly minutes: string
  /** The job whose answer it continues from, and the worker that wrote it; '' for none. */
  readonly from: string
  readonly from_worker: string
  /** The earliest start as `datetime-local` writes it; '' for at once. */
  readonly not_before: string
}

const fresh: Draft = {
  prompt: '',
  effort: 'standard',
  mode: 'auto',
  offline: 'now',
  targets: [],
  capability: '',
  merge: 'worker',
  quorum: '',
  minutes: '',
  from: '',
  from_worker: '',
  not_before: '',
}
/** The fields that are cleared after sending; the others keep their choices. */
export const sent: Partial<Draft> = { prompt: '', from: '', from_worker: '', not_before: '' }

/** Storage key of one member's draft in one thread; '' is the thread that does not exist yet. */
export const draftKey = (me: { readonly tenant: string; readonly id: string }, thread: string): string =>
  `draft.${me.tenant}.${me.id}.${thread}`

export function parseDraft(text: string | undefined): Draft {
  if (text === undefined) return fresh
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return fresh
    const word = (name: keyof Draft, otherwise: string): string => {
      const found: unknown = Reflect.get(value, name)
      return typeof found === 'string' ? found : otherwise
    }
    const targets: unknown = Reflect.get(value, 'targets')
    return {
      prompt: word('prompt', ''),
      effort: word('effort', 'standard'),
      mode: word('mode', 'auto'),
      offline: word('offline', 'now'),
      capability: word('capability', ''),
      merge: word('merge', 'worker'),
      quorum: word('quorum', ''),
      minutes: word('minutes', ''),
      from: word('from', ''),
      from_worker: word('from_worker', ''),
      not_before: word('not_before', ''),
      targets: Array.isArray(targets) ? targets.filter((one) => typeof one === 'string') : [],
    }
  } catch {
    return fresh
  }
}
