/** Responsible for deciding one review: approve, deny with a comment, edit, respond. The decision is bound to the digest on the screen. */
import type { Review } from '@modelreins/contract'
import { useId, useRef, useState, type KeyboardEvent } from 'react'
import { client, ModelReinsError, sentence } from '../../api/client.ts'
import { isCancelled, passkeysWork } from '../../api/passkeys.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMe } from '../../api/session.ts'
import { useKeys } from '../../frame/keys.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Notice } from '../../parts/notices.tsx'
import { useSetting } from '../../parts/settings-store.ts'
import { say } from '../../parts/toasts.tsx'
import { payloadText, useDecisionDraft } from './decision-draft.ts'
import { signDecision, type Saying } from './signing.ts'

type Mode = 'deny' | 'edit' | 'respond' | undefined

/** Whether the decision is signed: by the policy's requirement, the member's passkeys, and their last choice. */
function useSigning(review: Review) {
  const required = review.signed === 'required'
  const passkeys = useOperation('passkeys.list', {})
  const [choice, choose] = useSetting('sign-decisions', ['no', 'yes'])
  const can = passkeysWork() && (passkeys.data?.items.length ?? 0) > 0
  // Until the list of passkeys is loaded, nothing says that the member has none.
  const cannot = required && !can && (!passkeysWork() || passkeys.data !== undefined)
  return { required, can, cannot, choice, choose, signs: required || (can && choice === 'yes') }
}

function CannotSign({ review }: { readonly review: Review }) {
  return (
    <Notice tone="warn" title="This decision must be signed with a passkey">
      <p>
        The policy of {review.capability ?? 'this review'} accepts no unsigned decision.{' '}
        {passkeysWork()
          ? 'You have no passkey yet. Add one to decide here.'
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
  const draft = useDecisionDraft(review)
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const me = useMe()
  const signing = useSigning(review)
  const field = useRef<HTMLTextAreaElement>(null)
  const open = (next: Mode): void => {
    setMode(next)
    setFault('')
    requestAnimationFrame(() => field.current?.focus())
  }
  /** Returns to the four choices and keeps the text. */
  const leave = (): void => {
    setMode(undefined)
    setFault('')
    requestAnimationFrame(() => document.getElementById(`${id}-${mode}`)?.focus())
  }
  const keys = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || mode === undefined || event.nativeEvent.isComposing) return
    event.preventDefault()
    leave()
  }
  // A comment that was written for another verdict, and is not visible now, is not sent with an approval.
  const comment = mode === undefined ? '' : draft.comment.trim()
  const send = async (verdict: 'approve' | 'deny' | 'edit' | 'respond'): Promise<void> => {
    if (busy || signing.cannot) return
    if (verdict === 'deny' && comment === '') {
      open('deny')
      setFault('Enter a reason; the requester reads it.')
      return
    }
    let edited: { payload?: never } = {}
    if (verdict === 'edit') {
      try {
        // The field holds JSON; the server checks whether it is allowed.
        edited = { payload: JSON.parse(draft.payload) as never }
      } catch (error) {
        setFault(`This is not JSON: ${error instanceof Error ? error.message : ''}`)
        return
      }
    }
    setBusy(true)
    setFault('')
    try {
      const saying: Saying = { verdict, ...(comment === '' ? {} : { comment }), ...edited }
      const signature = signing.signs ? { signature: await signDecision(review, me.tenant, saying) } : {}
      await client.call('reviews.decide', { review_id: review.id, digest: review.digest, ...saying, ...signature })
      draft.forget()
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
      // While a form is open, only its own button approves, because it says what is approved.
      { keys: 'a', what: 'Approve', group: 'Reviews', run: () => void (mode === undefined ? send('approve') : undefined) },
      { keys: 'd', what: 'Deny', group: 'Reviews', run: () => open('deny') },
      { keys: 'e', what: 'Edit', group: 'Reviews', run: () => open('edit') },
      { keys: 'r', what: 'Respond', group: 'Reviews', run: () => open('respond') },
      {
        keys: 'Escape',
        what: 'Leave the form, keep what is written',
        group: 'Reviews',
        run: () => void (mode === undefined ? undefined : leave()),
      },
    ],
    [review.id, review.digest, busy, comment, mode, signing.signs, signing.cannot],
  )
  if (signing.cannot) return <CannotSign review={review} />
  return (
    <section aria-label="Decision" onKeyDown={keys} className="card sticky bottom-17 z-10 flex flex-col gap-3 p-3 shadow-pop lg:bottom-4">
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
          {draft.outdated ? (
            <p className="mb-1 text-warn">The request has changed since you began: compare before you approve the edit.</p>
          ) : null}
          <textarea
            ref={field}
            id={`${id}-payload`}
            className="field h-56 font-mono text-sm"
            spellCheck={false}
            value={draft.payload}
            onChange={(event) => draft.setPayload(event.target.value)}
          />
          {draft.edited ? (
            <Button
              look="quiet"
              className="min-h-8 text-sm"
              onClick={() => {
                draft.setPayload(payloadText(review))
                field.current?.focus()
              }}
            >
              Begin again with what is asked
            </Button>
          ) : null}
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
            value={draft.comment}
            onChange={(event) => draft.setComment(event.target.value)}
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
      {mode === undefined && draft.begun ? (
        <p role="status" className="text-sm text-soft">
          What you wrote is kept until you decide or leave the dashboard: {draft.edited ? 'Edit' : 'Deny or Respond'} shows it again.
        </p>
      ) : null}
      <div className="flex flex-wrap gap-2">
        {mode === undefined ? (
          <>
            <Button look="primary" className="min-h-11 flex-1 sm:flex-none sm:px-6" busy={busy} onClick={() => void send('approve')}>
              Approve
            </Button>
            <Button id={`${id}-deny`} className="min-h-11 flex-1 sm:flex-none sm:px-6" busy={busy} onClick={() => open('deny')}>
              Deny
            </Button>
            <Button id={`${id}-edit`} className="min-h-11" busy={busy} onClick={() => open('edit')}>
              Edit
            </Button>
            <Button id={`${id}-respond`} className="min-h-11" busy={busy} onClick={() => open('respond')}>
              Respond
            </Button>
          </>
        ) : (
          <>
            <Button className="min-h-11" onClick={leave}>
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
