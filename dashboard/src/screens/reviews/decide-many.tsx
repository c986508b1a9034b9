/**
 * Responsible for deciding several reviews at once, each bound to the digest that is shown here. Reviews that are irreversible or must be signed are
 * decided one at a time; the server leaves them out in any case.
 */
import type { Review } from '@modelreins/contract'
import { useState } from 'react'
import { client, sentence } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/choice.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { Notice } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural } from '../../parts/time.tsx'
import { say } from '../../parts/toasts.tsx'
import { PayloadView } from './payload.tsx'
import { shortDigest } from './digest.ts'

/** Most reviews that one call takes. */
export const mostAtOnce = 100

/** Why this review must be decided individually; undefined when it may be decided with others. */
export const aloneBecause = (review: Review): string | undefined =>
  review.irreversible
    ? 'It is irreversible: decide it by itself.'
    : review.signed === 'required'
      ? 'It takes only signed decisions: decide it by itself.'
      : undefined

export type BulkVerdict = 'approve' | 'deny'
const words = { approve: { verb: 'Approve', past: 'approved' }, deny: { verb: 'Deny', past: 'denied' } } as const

export function DecideMany(props: {
  readonly verdict: BulkVerdict
  readonly reviews: readonly Review[]
  readonly onClose: (done: boolean) => void
}) {
  const { verdict, onClose } = props
  // The reviews as they were when the dialog opened: the decision is about what was read here, and reviews that have changed since are left out.
  const [reviews] = useState(props.reviews)
  const [comment, setComment] = useState('')
  const [fault, setFault] = useState('')
  const [left, setLeft] = useState<readonly { readonly review_id: number; readonly reason: string }[]>([])
  const [busy, setBusy] = useState(false)
  const { verb, past } = words[verdict]
  const act = async (): Promise<void> => {
    if (verdict === 'deny' && comment.trim() === '') return setFault('Enter a reason; the requesters read it.')
    setBusy(true)
    setFault('')
    try {
      const { decided, left_out } = await client.call('reviews.decide_many', {
        review_ids: reviews.map((review) => ({ review_id: review.id, digest: review.digest })),
        verdict,
        ...(comment.trim() === '' ? {} : { comment: comment.trim() }),
      })
      if (decided.length > 0) say(`${plural(decided.length, 'review')} ${past}.`)
      await refresh('reviews', 'jobs')
      if (left_out.length === 0) onClose(true)
      else setLeft(left_out)
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal title={`${verb} ${plural(reviews.length, 'review')}`} onClose={() => onClose(left.length > 0)} wide>
      {left.length > 0 ? (
        <>
          <Notice tone="warn" title={`${plural(left.length, 'review')} left as ${left.length === 1 ? 'it was' : 'they were'}`} live>
            <ul>
              {left.map((one) => (
                <li key={one.review_id}>
                  Review {one.review_id}: {oneLine(one.reason)}
                </li>
              ))}
            </ul>
          </Notice>
          <div className="mt-4 flex justify-end">
            <Button look="primary" onClick={() => onClose(true)}>
              Back to the list
            </Button>
          </div>
        </>
      ) : (
        <>
          <ul
            className="max-h-[45dvh] divide-y divide-line overflow-y-auto rounded-md border border-line"
            aria-label="Reviews to decide"
            tabIndex={0}
          >
            {reviews.map((review) => (
              <li key={review.id} className="px-3 py-2">
                <div className="flex flex-wrap items-center gap-2">
                  <span className="text-soft">{review.id}</span>
                  <Badge tone="warn">{review.capability ?? review.type}</Badge>
                  <span className="min-w-0 flex-1 basis-48 font-medium foreign">{oneLine(review.title, 200)}</span>
                  <code className="font-mono text-xs text-soft">{shortDigest(review.digest)}</code>
                </div>
                <details className="mt-1">
                  <summary className="text-sm text-soft">
                    What is asked, by <span className="foreign">{oneLine(review.created_by, 120)}</span>
                  </summary>
                  <div className="mt-2">
                    <PayloadView payload={review.payload} />
                  </div>
                </details>
              </li>
            ))}
          </ul>
          <TextField
            className="mt-3"
            label={verdict === 'deny' ? 'Reason, for all of them' : 'Comment, for all of them (optional)'}
            maxLength={4_000}
            value={comment}
            fault={fault}
            onChange={setComment}
          />
          <Choices leave="Leave them" onLeave={() => onClose(false)}>
            <Button look={verdict === 'deny' ? 'danger' : 'primary'} busy={busy} onClick={() => void act()}>
              {verb} {plural(reviews.length, 'review')}
            </Button>
          </Choices>
        </>
      )}
    </Modal>
  )
}
