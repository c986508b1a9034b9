/**
 * Responsible for what waits for this member as a person, and for reporting their presence to the server. Only their actions in any tab count as
 * presence, never a timer, so an unused tab reports nothing.
 */
import { useEffect } from 'react'
import { client } from '../api/client.ts'
import { useOperation } from '../api/queries.ts'
import { useMay } from '../api/session.ts'

/** Reported at most this often: a person's claims last for hours. */
const everyMs = 5 * 60_000

function usePresence(there: boolean): void {
  useEffect(() => {
    if (!there) return undefined
    let said = 0
    const say = (): void => {
      if (document.hidden || Date.now() - said < everyMs) return
      said = Date.now()
      client.call('work.here', {}).catch(() => {
        // Reported again with the next action.
        said = 0
      })
    }
    const signs = ['pointerdown', 'keydown', 'focus'] as const
    say()
    for (const sign of signs) addEventListener(sign, say)
    document.addEventListener('visibilitychange', say)
    return () => {
      for (const sign of signs) removeEventListener(sign, say)
      document.removeEventListener('visibilitychange', say)
    }
  }, [there])
}

/** The number of jobs on offer to this member, and of jobs in their hands that will soon go back. */
export function useOffers(): { readonly offered: number; readonly reminded: number; readonly takes: boolean } {
  const { data } = useOperation('work.list', {}, { enabled: useMay('jobs.take') })
  const reminded = data?.claimed.filter((item) => item.claim?.reminded === true).length ?? 0
  return { offered: data?.offered.length ?? 0, reminded, takes: data !== undefined && data.person !== null }
}

/** Used once, by the frame: returns how much waits, and reports the member's presence. */
export function useWork(): number {
  const { offered, reminded, takes } = useOffers()
  usePresence(takes)
  return offered + reminded
}
