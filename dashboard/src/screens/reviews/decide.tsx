/** Responsible for deciding one review: approve, deny with a comment, edit, respond. It is bound to the digest that is on screen. */
import type { Review } from '@modelreins/contract'
import { useId, useRef, useState } from 'react'
import { client, ModelReinsError, sentence } from '../../api/client.ts'
import { isCancelled, passkeysWork } from '../../api/passkeys.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMe } from '../../api/session.ts'
import { useKeys } from '../../frame/keys.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Notice } from '../../parts/notices.tsx'
import { useSetting } from '../../parts/settings-store.ts'
import { say } from '../../parts/toasts.tsx'
import { signDecision, type Saying } from './signing.ts'

type Mode = 'deny' | 'edit' | 'respond' | undefined

/** Whether decisions are signed: what the policy demands, what this member can, and what they chose last. */
function useSigning(review: Review) {
  const required = review.signed === 'required'
  const passkeys = useOperation('passkeys.list', {})
  const [choice, choose] = useSetting('sign-decisions', ['no', 'yes'])
  const can = passkeysWork() && (passkeys.data?.items.length ?? 0) > 0
  // Until the list is there nobody is told that they have no passkey.
  const cannot = required && !can && (!passkeysWork() || passkeys.data !== undefined)
  return { required, can, cannot, choice, choose, signs: required || (can && choice === 'yes') }
}

function CannotSign({ review }: { readonly review: Review }) {
  return (
    <Notice tone="warn" title="This decision must be signed with a passkey">
      <p>
        The policy of {review.capability ?? 'this review'} takes no other.{' '}
        {passkeysWork()
          ? 'You have no passkey yet; with one you decide right here.'
          : 'Passkeys need https or localhost: open the dashboard there.'}
      </p>
      {passkeysWork() ? (
        <LinkButton className="mt-2" to="/settings" search={{ tab: 'sign-in' }}>
          Add a passkey
        </LinkButton>
      ) : null}
    </Notice>
  )
}

const past = { approve: 'approved', deny: 'denied', edit: 'edited', respond: 'answered' } as const

export function Decide({ review, onDecided }: { readonly review: Review; readonly onDecided: () => void }) {
  const id = useId()
  const [mode, setMode] = useState<Mode>(undefined)
  const [comment, setComment] = useState('')
  const [payload, setPayload] = useState('')
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const me = useMe()
  const signing = useSigning(review)
  const field = useRef<HTMLTextAreaElement>(null)
  const open = (next: Mode): void => {
    setMode(next)
    setFault('')
    if (next === 'edit') setPayload(JSON.stringify(review.payload, null, 2))
    requestAnimationFrame(() => field.current?.focus())
  }
  const send = async (verdict: 'approve' | 'deny' | 'edit' | 'respond'): Promise<void> => {
    if (busy || signing.cannot) return
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
      const saying: Saying = { verdict, ...(comment.trim() === '' ? {} : { comment: comment.trim() }), ...edited }
      const signature = signing.signs ? { signature: await signDecision(review, me.tenant, saying) } : {}
      await client.call('reviews.decide', { review_id: review.id, digest: review.digest, ...saying, ...signature })
      say(`Review ${review.id} is ${past[verdict]}${signing.signs ? ', signed with your passkey' : ''}.`)
      await refresh('reviews', 'jobs')
      onDecided()
    } catch (error) {
      if (isCancelled(error)) return setFault('Nothing was decided: the passkey was not used. Decide again to be asked again.')
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
    [review.id, review.digest, busy, comment, signing.signs, signing.cannot],
  )
  if (signing.cannot) return <CannotSign review={review} />
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
      {signing.required ? (
        <p className="text-sm text-soft">The policy takes only signed decisions: your passkey is asked when you decide.</p>
      ) : signing.can ? (
        <label className="flex min-h-6 items-center gap-2 text-sm">
          <input
            type="checkbox"
            className="size-4"
            checked={signing.choice === 'yes'}
            onChange={(event) => signing.choose(event.target.checked ? 'yes' : 'no')}
          />
          Sign with my passkey
        </label>
      ) : null}
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
