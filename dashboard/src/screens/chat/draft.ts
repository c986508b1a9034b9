/** Responsible for the text that a person has begun: it survives a reload, and is gone once it was sent. */
import { useState } from 'react'
import type { Me } from '../../api/session.ts'
import { read, write } from '../../parts/settings-store.ts'

export interface Draft {
  readonly prompt: string
  readonly effort: string
  readonly mode: string
  /** What happens when no worker is there: `now` or `queue`. */
  readonly offline: string
  readonly targets: readonly string[]
  readonly capability: string
  readonly merge: string
}

const fresh: Draft = { prompt: '', effort: 'standard', mode: 'auto', offline: 'now', targets: [], capability: '', merge: 'worker' }

/** Of one member in one thread; '' is the thread that is yet to begin. */
export const draftKey = (me: Pick<Me, 'tenant' | 'id'>, thread: string): string => `draft.${me.tenant}.${me.id}.${thread}`

function parse(text: string | undefined): Draft {
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
      targets: Array.isArray(targets) ? targets.filter((one) => typeof one === 'string') : [],
    }
  } catch {
    return fresh
  }
}

export function useDraft(key: string): readonly [Draft, (change: Partial<Draft>) => void] {
  const [kept, setKept] = useState(() => ({ key, draft: parse(read(key)) }))
  const current = kept.key === key ? kept : { key, draft: parse(read(key)) }
  if (kept.key !== key) setKept(current)
  return [
    current.draft,
    (change) => {
      const draft = { ...current.draft, ...change }
      setKept({ key, draft })
      write(key, JSON.stringify(draft))
    },
  ]
}
