/**
 * Responsible for the open page after a deploy, when its files no longer exist: it reloads once by itself; if that happened a moment ago, it tells
 * the person instead.
 */
import { useSyncExternalStore } from 'react'

const mark = 'modelreins.reloaded-at'
const pauseMs = 60_000
let stale = false
const listeners = new Set<() => void>()

/** The page is being left. Loads that the browser cancels for that are not missing files, and a reload would interrupt the navigation. */
let leaving = false

export function watchForNewVersion(): void {
  addEventListener('beforeunload', () => {
    leaving = true
    // The page stayed open, for example after a download.
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
