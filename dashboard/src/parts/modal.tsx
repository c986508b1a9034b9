/**
 * Responsible for modal dialogs on the browser's own `<dialog>`: the first focus, keeping the focus inside, closing with Escape, and returning the
 * focus afterwards.
 */
import { useId, useLayoutEffect, useRef, type ReactNode } from 'react'
import { Button } from './button.tsx'

interface Props {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  readonly wide?: boolean
}

const fields = 'input:enabled, select:enabled, textarea:enabled'

/** Focuses the first field; in a confirmation the choice that changes nothing; the heading when there is text to read first. */
function focusFirst(dialog: HTMLDialogElement): void {
  const heading = dialog.querySelector('h2')
  const field = [...dialog.querySelectorAll<HTMLElement>(fields)].find((one) => one.checkVisibility())
  const first = field ?? dialog.querySelector<HTMLElement>('[data-leave]') ?? heading
  first?.focus()
  // The focused element is below the visible part: the beginning of the dialog would be out of view.
  if (dialog.scrollTop > 0) {
    heading?.focus()
    dialog.scrollTop = 0
  }
}

export function Modal({ title, onClose, children, wide = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Closed before the element is removed: the browser returns the focus only in that order.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (dialog === null) return undefined
    dialog.showModal()
    focusFirst(dialog)
    return () => dialog.close()
  }, [])
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose()
      }}
      className={`m-auto w-[calc(100%-1.5rem)] ${wide ? 'max-w-3xl' : 'max-w-lg'} max-h-[calc(100dvh-2rem)] rounded-lg border border-line bg-card text-ink p-0 shadow-pop`}
    >
      <div className="p-5">
        <div className="mb-3 flex items-start justify-between gap-4">
          <h2 id={id} tabIndex={-1} className="min-w-0 text-lg font-semibold foreign outline-none">
            {title}
          </h2>
          <button
            type="button"
            aria-label="Close"
            onClick={onClose}
            className="-mr-1.5 -mt-1 min-h-8 min-w-8 rounded-md text-lg text-soft hover:bg-sunken"
          >
            ×
          </button>
        </div>
        {children}
      </div>
    </dialog>
  )
}

interface ChoicesProps {
  /** Label of the choice that changes nothing. */
  readonly leave: string
  readonly onLeave: () => void
  /** The buttons that act. */
  readonly children: ReactNode
}

/** The last row of a dialog with a question. */
export function Choices({ leave, onLeave, children }: ChoicesProps) {
  return (
    <div className="mt-4 flex flex-wrap justify-end gap-2">
      <Button data-leave="" onClick={onLeave}>
        {leave}
      </Button>
      {children}
    </div>
  )
}
