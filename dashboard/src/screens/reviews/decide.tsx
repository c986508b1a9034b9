/** Responsible for deciding one review: approve, deny with a comment, edit, respond. It is bound to the digest that is on screen. */
import type { Review } from '@modelreins/contract'
import { useId, useRef, useState } from 'react'
import { client, ModelReinsError, sentence } from '../../api/client.ts'
import { refresh } from '../../api/queries.ts'
import { useKeys } from '../../frame/keys.ts'
import { Button } from '../../parts/button.tsx'
import { Notice } from '../../parts/notices.tsx'
import { say } from '../../parts/toasts.tsx'

type Mode = 'deny' | 'edit' | 'respond' | undefined

const past = { approve: 'approved', deny: 'denied', edit: 'edited', respond: 'answered' } as const

export function Decide({ review, onDecided }: { readonly review: Review; readonly onDecided: () => void }) {
  const id = useId()
  const [mode, setMode] = useState<Mode>(undefined)
  const [comment, setComment] = useState('')
  const [payload, setPayload] = useState('')
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const open = (next: Mode): void => {
    setMode(next)
    setFault('')
    if (next === 'edit') setPayload(JSON.stringify(review.payload, null, 2))
    requestAnimationFrame(() => field.current?.focus())
  }
  const send = async (verdict: 'approve' | 'deny' | 'edit' | 'respond'): Promise<void> => {
    if (busy) return
    if (verdict === 'deny' && comment.trim() === '') {
      open('deny')
      setFault('Enter a reason; the requester reads it.')
      return
    }
    let edited: { payload?: never } = {}
    if (verdict === 'edit') {
      try {
        // What the field holds is JSON; the server checks what it may be.
        edited = { payload: JSON.parse(payload) as never }
      } catch (error) {
        setFault(`This is not JSON: ${error instanceof Error ? error.message : ''}`)
        return
      }
    }
    setBusy(true)
    setFault('')
    try {
      await client.call('reviews.decide', {
        review_id: review.id,
        verdict,
        digest: review.digest,
        ...(comment.trim() === '' ? {} : { comment: comment.trim() }),
        ...edited,
      })
      say(`Review ${review.id} is ${past[verdict]}.`)
      await refresh('reviews', 'jobs')
      onDecided()
    } catch (error) {
      const late = error instanceof ModelReinsError && (error.code === 'wrong-state' || error.code === 'conflict')
      setFault(late ? `Nothing was changed. ${sentence(error)}` : sentence(error))
      if (late) await refresh('reviews')
    } finally {
      setBusy(false)
    }
  }
  useKeys(
    [
      { keys: 'a', what: 'Approve', group: 'Reviews', run: () => void send('approve') },
      { keys: 'd', what: 'Deny', group: 'Reviews', run: () => open('deny') },
      { keys: 'e', what: 'Edit', group: 'Reviews', run: () => open('edit') },
      { keys: 'r', what: 'Respond', group: 'Reviews', run: () => open('respond') },
    ],
    [review.id, review.digest, busy],
  )
  return (
    <section aria-label="Decision" className="card sticky bottom-17 z-10 flex flex-col gap-3 p-3 shadow-pop lg:bottom-4">
      {fault === '' ? null : (
        <Notice tone="bad" live>
          {fault}
        </Notice>
      )}
      {mode === 'edit' ? (
        <div>
          <label htmlFor={`${id}-payload`} className="mb-1 block font-medium">
            What is to run instead (JSON)
          </label>
          <textarea
            ref={field}
            id={`${id}-payload`}
            className="field h-56 font-mono text-sm"
            spellCheck={false}
            value={payload}
            onChange={(event) => setPayload(event.target.value)}
          />
        </div>
      ) : null}
      {mode === undefined ? null : (
        <div>
          <label htmlFor={`${id}-comment`} className="mb-1 block font-medium">
            Comment{' '}
            {mode === 'deny' ? (
              <span className="font-normal text-soft">(required; the requester reads it)</span>
            ) : mode === 'respond' ? (
              <span className="font-normal text-soft">(goes back as the answer)</span>
            ) : (
              <span className="font-normal text-soft">(optional)</span>
            )}
          </label>
          <textarea
            ref={mode === 'edit' ? undefined : field}
            id={`${id}-comment`}
            className="field h-20"
            maxLength={4_000}
            value={comment}
            onChange={(event) => setComment(event.target.value)}
          />
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        {mode === undefined ? (
          <>
            <Button look="primary" className="min-h-11 flex-1 sm:flex-none sm:px-6" busy={busy} onClick={() => void send('approve')}>
              Approve
            </Button>
            <Button className="min-h-11 flex-1 sm:flex-none sm:px-6" busy={busy} onClick={() => open('deny')}>
              Deny
            </Button>
            <Button className="min-h-11" busy={busy} onClick={() => open('edit')}>
              Edit
            </Button>
            <Button className="min-h-11" busy={busy} onClick={() => open('respond')}>
              Respond
            </Button>
          </>
        ) : (
          <>
            <Button className="min-h-11" onClick={() => setMode(undefined)}>
              Back
            </Button>
            <Button
              look={mode === 'deny' ? 'danger' : 'primary'}
              className="min-h-11 flex-1 sm:flex-none sm:px-6"
              busy={busy}
              onClick={() => void send(mode)}
            >
              {mode === 'deny' ? 'Deny' : mode === 'edit' ? 'Approve the edit' : 'Send the answer'}
            </Button>
          </>
        )}
      </div>
    </section>
  )
}
