/**
 * Responsible for what a person has begun to write about a review: kept while the page is open, whichever review they look at meanwhile, and
 * gone once they have decided. It is in no storage: a payload may hold what is secret.
 */
import type { Review } from '@modelreins/contract'
import { useState } from 'react'
import { useMe } from '../../api/session.ts'

export interface DecisionDraft {
  readonly comment: string
  /** The edit as it stands in its field; absent while nothing is changed. */
  readonly edit?: { readonly text: string; readonly digest: string }
}

const nothing: DecisionDraft = { comment: '' }
const kept = new Map<string, DecisionDraft>()

export const payloadText = (review: Review): string => JSON.stringify(review.payload, null, 2)

export function useDecisionDraft(review: Review) {
  const me = useMe()
  const key = `${me.tenant} ${me.id} ${review.id}`
  const [draft, setDraft] = useState(() => kept.get(key) ?? nothing)
  const change = (next: DecisionDraft): void => {
    kept.set(key, next)
    setDraft(next)
  }
  const { edit } = draft
  return {
    comment: draft.comment,
    payload: edit?.text ?? payloadText(review),
    begun: draft.comment.trim() !== '' || edit !== undefined,
    edited: edit !== undefined,
    /** The request is no longer the one that the edit began with. */
    outdated: edit !== undefined && edit.digest !== review.digest,
    setComment: (comment: string): void => change({ ...draft, comment }),
    setPayload: (text: string): void =>
      change({
        comment: draft.comment,
        ...(text === payloadText(review) ? {} : { edit: { text, digest: edit?.digest ?? review.digest } }),
      }),
    forget: (): void => {
      kept.delete(key)
    },
  }
}
