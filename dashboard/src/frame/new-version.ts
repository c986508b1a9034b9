/**
 * Responsible for what happens after a deploy, when the files of the page that is open are gone: it is loaded once more by itself, and if
 * that was a moment ago, the person is told instead.
 */
import { useSyncExternalStore } from 'react'

const mark = 'modelreins.reloaded-at'
const pauseMs = 60_000
let stale = false
const listeners = new Set<() => void>()

/** The page is being left: what the browser stops loading by that is not missing, and a reload would be in the way of where the person goes. */
let leaving = false

export function watchForNewVersion(): void {
  addEventListener('beforeunload', () => {
    leaving = true
    // Stayed after all, such as for a download.
    setTimeout(() => (leaving = false), 5_000)
  })
  addEventListener('vite:preloadError', (event) => {
    event.preventDefault()
    if (leaving) return
    const last = Number(sessionStorage.getItem(mark) ?? 0)
    if (Date.now() - last > pauseMs) {
      sessionStorage.setItem(mark, String(Date.now()))
      location.reload()
      return
    }
    stale = true
    for (const listener of listeners) listener()
  })
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
export const useNewVersion = (): boolean => useSyncExternalStore(subscribe, () => stale)
