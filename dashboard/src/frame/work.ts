/**
 * Responsible for what waits for this member as a person, and for telling the server that they are there: by what they do, in whichever tab,
 * and never by a clock, so that a tab that nobody uses says nothing.
 */
import { useEffect } from 'react'
import { client } from '../api/client.ts'
import { useOperation } from '../api/queries.ts'
import { useMay } from '../api/session.ts'

/** Said so often at most: claims are counted in hours. */
const everyMs = 5 * 60_000

function usePresence(there: boolean): void {
  useEffect(() => {
    if (!there) return undefined
    let said = 0
    const say = (): void => {
      if (document.hidden || Date.now() - said < everyMs) return
      said = Date.now()
      client.call('work.here', {}).catch(() => {
        // Said again with the next sign.
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

/** How many jobs are on offer to this member, and how many that they have in hand are about to go back. */
export function useOffers(): { readonly offered: number; readonly reminded: number; readonly takes: boolean } {
  const { data } = useOperation('work.list', {}, { enabled: useMay('jobs.take') })
  const reminded = data?.claimed.filter((item) => item.claim?.reminded === true).length ?? 0
  return { offered: data?.offered.length ?? 0, reminded, takes: data !== undefined && data.person !== null }
}

/** For the frame, once: what waits, and the member's presence. */
export function useWork(): number {
  const { offered, reminded, takes } = useOffers()
  usePresence(takes)
  return offered + reminded
}
