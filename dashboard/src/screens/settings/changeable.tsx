/** Responsible for one entry of the settings that an owner can change in place: its form, and the review that a change may need. */
import { useState, type ReactNode } from 'react'
import { useMay } from '../../api/session.ts'
import { Button, LinkButton } from '../../parts/button.tsx'
import { Notice } from '../../parts/notices.tsx'

interface Props {
  /** The entry as a phrase within a sentence: "the setting". */
  readonly what: string
  /** Accessible name of the button that opens the form. */
  readonly change: string
  readonly children: ReactNode
  /** `onDone` receives the id of the review that the change waits for, if there is one. */
  readonly form: (onLeave: () => void, onDone: (review: number | undefined) => void) => ReactNode
}

export function Changeable({ what, change, children, form }: Props) {
  const mayChange = useMay('members.manage')
  const [open, setOpen] = useState(false)
  const [reviewId, setReviewId] = useState<number | undefined>(undefined)
  return (
    <li className="py-3">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-1">
        <div className="min-w-0 flex-1 basis-64">{children}</div>
        {mayChange && !open ? (
          <Button className="min-h-8 text-sm" aria-label={change} onClick={() => setOpen(true)}>
            Change
          </Button>
        ) : null}
      </div>
      {reviewId === undefined ? null : (
        <Notice tone="warn" title="It waits for a review" live>
          <p>This change takes protection away, so another member decides. Until then {what} stays as it is.</p>
          <LinkButton className="mt-2" to="/reviews/$reviewId" params={{ reviewId: String(reviewId) }}>
            Open review {reviewId}
          </LinkButton>
        </Notice>
      )}
      {open
        ? form(
            () => setOpen(false),
            (review) => {
              setReviewId(review)
              setOpen(false)
            },
          )
        : null}
    </li>
  )
}
