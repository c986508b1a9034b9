/**
 * Responsible for storing saved views of the job list in this browser, for the member who saved them. A view is an address, so it is shared as a
 * link; nothing is stored on the server, so that roles that may only read can have views too.
 */
import { useMemo } from 'react'
import { read, useStored, write } from '../../parts/settings-store.ts'
import { viewLimits, viewsIn, type View } from './views.ts'

const keyOf = (memberId: string): string => `views.${memberId}`

export interface Views {
  readonly all: readonly View[]
  readonly save: (view: View) => void
  readonly rename: (from: string, to: string) => void
  readonly remove: (name: string) => void
}

export function useViews(memberId: string): Views {
  const text = useStored(keyOf(memberId))
  return useMemo(() => {
    const change = (to: (views: readonly View[]) => readonly View[]): void =>
      // Read again first: another tab may have saved a view since.
      write(keyOf(memberId), JSON.stringify(to(viewsIn(read(keyOf(memberId)))).slice(0, viewLimits.views)))
    return {
      all: viewsIn(text),
      save: (view) => change((views) => [...views.filter((one) => one.name !== view.name), view]),
      rename: (from, to) => change((views) => views.map((view) => (view.name === from ? { ...view, name: to } : view))),
      remove: (name) => change((views) => views.filter((view) => view.name !== name)),
    }
  }, [text, memberId])
}
