/** Responsible for the state that the connection pill shows: live, resuming, or offline since a time. The feed (feed.ts) sets it. */
import { useSyncExternalStore } from 'react'

export type Connection = { readonly state: 'live' } | { readonly state: 'resuming' } | { readonly state: 'offline'; readonly since: number }

let connection: Connection = { state: 'resuming' }
const listeners = new Set<() => void>()

export function setConnection(next: Connection): void {
  if (next.state === connection.state) return
  connection = next
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
export const useConnection = (): Connection => useSyncExternalStore(subscribe, () => connection)
