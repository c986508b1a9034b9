/** Responsible for what the connection pill says: live, resuming, or offline since when. The feed (feed.ts) says which. */
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
