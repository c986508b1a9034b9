/** Responsible for buttons and links that look like buttons: four looks, one size, no behaviour of their own. */
import { Link, type LinkProps } from '@tanstack/react-router'
import { useRef, useState, type ButtonHTMLAttributes, type ReactNode } from 'react'

export type Look = 'primary' | 'plain' | 'quiet' | 'danger'

const shape =
  'inline-flex items-center justify-center gap-1.5 rounded-md px-3 min-h-9 text-base font-medium whitespace-nowrap select-none disabled:opacity-55 disabled:cursor-not-allowed'
const looks: Readonly<Record<Look, string>> = {
  primary: 'bg-accent text-on-accent not-disabled:hover:bg-accent-deep',
  plain: 'bg-card border border-edge text-ink not-disabled:hover:bg-sunken',
  quiet: 'text-ink not-disabled:hover:bg-sunken',
  danger: 'bg-kill text-white not-disabled:hover:bg-kill-deep',
}
export const buttonClass = (look: Look, more = ''): string => `${shape} ${looks[look]} ${more}`

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look
  /** While true, the button shows that it is busy and ignores clicks. */
  readonly busy?: boolean
}

export function Button({ look = 'plain', busy = false, className = '', children, disabled, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      className={buttonClass(look, className)}
    >
      {children}
    </button>
  )
}

export function LinkButton({ look = 'plain', className = '', ...rest }: LinkProps & { readonly look?: Look; readonly className?: string }) {
  return <Link {...rest} className={buttonClass(look, className)} />
}

/** A button that acts only after being held down, by mouse, finger, Space or Enter. Releasing it earlier does nothing. */
export function HoldButton(props: {
  readonly children: ReactNode
  readonly onHeld: () => void
  readonly disabled?: boolean
  readonly ms?: number
}) {
  const { children, onHeld, disabled = false, ms = 1_200 } = props
  const [holding, setHolding] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const stop = (): void => {
    clearTimeout(timer.current)
    setHolding(false)
  }
  const start = (): void => {
    if (disabled || holding) return
    setHolding(true)
    timer.current = setTimeout(() => {
      setHolding(false)
      onHeld()
    }, ms)
  }
  const isKey = (key: string): boolean => key === ' ' || key === 'Enter'
  return (
    <button
      type="button"
      disabled={disabled}
      data-holding={holding}
      onPointerDown={(event) => {
        if (event.button === 0) start()
      }}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onKeyDown={(event) => {
        if (!isKey(event.key)) return
        event.preventDefault()
        if (!event.repeat) start()
      }}
      onKeyUp={stop}
      onBlur={stop}
      onContextMenu={(event) => event.preventDefault()}
      className={buttonClass('danger', 'relative overflow-hidden touch-none')}
    >
      <span aria-hidden="true" className="hold-fill absolute inset-0 bg-kill-deep" />
      <span className="relative">{children}</span>
    </button>
  )
}
