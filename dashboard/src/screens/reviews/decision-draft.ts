/**
 * Responsible for a person's unsent text about a review: kept while the page is open, also when they look at other reviews, and removed after the
 * decision. It is never stored, because a payload may contain secrets.
 */
import type { Review } from '@modelreins/contract'
import { useState } from 'react'
import { useMe } from '../../api/session.ts'

export interface DecisionDraft {
  readonly comment: string
  /** The edited payload as text, with the digest of the payload that it started from; absent while nothing is changed. */
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
    /** True when the request has changed since the edit began. */
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
