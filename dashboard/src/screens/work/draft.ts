/** Responsible for a person's unsent result: it survives a reload, a closed tab, and the return of the job to the queue. */
import { useState } from 'react'
import type { Me } from '../../api/session.ts'
import { read, write } from '../../parts/settings-store.ts'

export function useResultDraft(me: Pick<Me, 'tenant' | 'id'>, jobId: number): readonly [string, (text: string) => void] {
  const key = `work.${me.tenant}.${me.id}.${jobId}`
  const [kept, setKept] = useState(() => ({ key, text: read(key) ?? '' }))
  const current = kept.key === key ? kept : { key, text: read(key) ?? '' }
  if (kept.key !== key) setKept(current)
  return [
    current.text,
    (text) => {
      setKept({ key, text })
      write(key, text === '' ? undefined : text)
    },
  ]
}
