/** Responsible for the number of waiting decisions in the rail, in the tab's title, and on Home. */
import { useOperation } from '../api/queries.ts'
import { useMay } from '../api/session.ts'

/** Counted exactly below one page; a full page is shown as `199+`. */
export const waitingInput = { status: ['pending' as const], limit: 200 }

export function useWaiting(): number {
  const { data } = useOperation('reviews.list', waitingInput)
  return data?.items.length ?? 0
}

/** The decisions that wait for this member; 0 for a member who may not decide. */
export function useDecisions(): number {
  const waiting = useWaiting()
  return useMay('reviews.decide') ? waiting : 0
}
