/** Responsible for what the connection pill says: live, resuming, or offline since when. It opens no connection. */
import { useSyncExternalStore } from 'react'
import { onReach } from '../api/client.ts'

export type Connection =
  | { readonly state: 'live' }
  | { readonly state: 'resuming' }
  | { readonly state: 'paused' }
  | { readonly state: 'offline'; readonly since: number }

let connection: Connection = { state: 'resuming' }
const listeners = new Set<() => void>()

export function setConnection(next: Connection): void {
  if (next.state === connection.state) return
  connection = next
  for (const listener of listeners) listener()
}

onReach((reached) => {
  if (reached) {
    if (connection.state !== 'paused') setConnection({ state: 'live' })
  } else setConnection({ state: 'offline', since: Date.now() })
})
addEventListener('offline', () => setConnection({ state: 'offline', since: Date.now() }))
addEventListener('online', () => setConnection({ state: 'resuming' }))

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
export const useConnection = (): Connection => useSyncExternalStore(subscribe, () => connection)
