/** Responsible for how many decisions wait: the number in the rail, in the tab's title, and on Home. */
import { useOperation } from '../api/queries.ts'
import { useMay } from '../api/session.ts'

/** As many as one page holds are told apart; more are "that many, and more". */
export const waitingInput = { status: ['pending' as const], limit: 200 }

export function useWaiting(): number {
  const { data } = useOperation('reviews.list', waitingInput)
  return data?.items.length ?? 0
}

/** Those that wait for this member: nothing waits for somebody who may not decide. */
export function useDecisions(): number {
  const waiting = useWaiting()
  return useMay('reviews.decide') ? waiting : 0
}
