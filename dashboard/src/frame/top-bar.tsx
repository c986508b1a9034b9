/** Responsible for the bar above every screen: product, palette, connection, account, and the Kill button, which is always visible. */
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { signOut, useMay, useMe } from '../api/session.ts'
import { useConnection } from '../live/connection.ts'
import { buttonClass } from '../parts/button.tsx'
import iconUrl from '../icon.svg'
import { Icon } from '../parts/icon.tsx'
import { applyTheme, themes, timeFormats, useTheme, useTimeFormat } from '../parts/settings-store.ts'
import { Time } from '../parts/time.tsx'
import { complain } from '../parts/toasts.tsx'

function Pill() {
  const connection = useConnection()
  const looks = {
    live: ['bg-good', 'Live'],
    resuming: ['bg-warn', 'Resuming'],
    offline: ['bg-bad', 'Offline'],
  } as const
  const [dot, word] = looks[connection.state]
  return (
    <span
      role="status"
      aria-label="Connection"
      className="inline-flex items-center gap-1.5 rounded-full border border-line bg-card px-2.5 py-0.5 text-sm whitespace-nowrap"
    >
      <span aria-hidden="true" className={`size-2 rounded-full ${dot}`} />
      {word}
      {connection.state === 'offline' ? (
        <span className="hidden text-soft sm:inline">
          lost <Time at={new Date(connection.since).toISOString()} />
        </span>
      ) : null}
    </span>
  )
}

function Choice(props: {
  readonly legend: string
  readonly name: string
  readonly values: readonly string[]
  readonly value: string
  readonly words: Readonly<Record<string, string>>
  readonly onChoose: (value: string) => void
}) {
  return (
    <fieldset className="px-3 py-2">
      <legend className="float-left mb-1 w-full text-sm font-medium text-soft">{props.legend}</legend>
      <div className="clear-both flex gap-1">
        {props.values.map((value) => (
          <label
            key={value}
            className="flex-1 rounded-md border border-line px-2 py-1 text-center text-sm has-checked:border-accent has-checked:bg-accent-wash has-checked:font-medium has-focus-visible:outline-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              className="sr-only"
              name={props.name}
              checked={props.value === value}
              onChange={() => props.onChoose(value)}
            />
            {props.words[value] ?? value}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

function Account({ onKeys }: { readonly onKeys: () => void }) {
  const me = useMe()
  const [theme, setTheme] = useTheme()
  const [format, setFormat] = useTimeFormat()
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!open) return undefined
    const close = (event: Event): void => {
      if (
        event instanceof KeyboardEvent
          ? event.key === 'Escape'
          : !(event.target instanceof Node && box.current?.contains(event.target) === true)
      )
        setOpen(false)
    }
    addEventListener('pointerdown', close)
    addEventListener('keydown', close)
    return () => {
      removeEventListener('pointerdown', close)
      removeEventListener('keydown', close)
    }
  }, [open])
  return (
    <div className="relative" ref={box}>
      <button
        type="button"
        aria-expanded={open}
        aria-label={`Account: ${me.name}`}
        onClick={() => setOpen(!open)}
        className={buttonClass('quiet', 'px-1.5!')}
      >
        <span
          aria-hidden="true"
          className="grid size-7 place-items-center rounded-full bg-accent-wash text-sm font-semibold text-accent uppercase"
        >
          {[...me.name][0] ?? '?'}
        </span>
      </button>
      {open ? (
        <div className="absolute right-0 top-11 z-30 w-72 rounded-lg border border-line bg-raised py-2 shadow-pop">
          <p className="px-3 pb-2">
            <span className="block font-semibold foreign">{me.name}</span>
            <span className="text-sm text-soft">
              {me.role ?? 'member'} in tenant <span className="foreign">{me.tenant}</span>
            </span>
          </p>
          <hr className="border-line" />
          <Choice
            legend="Theme"
            name="theme"
            values={themes}
            value={theme}
            words={{ system: 'System', light: 'Light', dark: 'Dark' }}
            onChoose={(value) => {
              setTheme(themes.find((one) => one === value) ?? 'system')
              applyTheme()
            }}
          />
          <Choice
            legend="Times"
            name="times"
            values={timeFormats}
            value={format}
            words={{ relative: 'Relative', local: 'Local', utc: 'UTC' }}
            onChoose={(value) => setFormat(timeFormats.find((one) => one === value) ?? 'relative')}
          />
          <hr className="my-1 border-line" />
          <div className="flex flex-col px-1">
            <button
              type="button"
              className={buttonClass('quiet', 'justify-start!')}
              onClick={() => {
                setOpen(false)
                onKeys()
              }}
            >
              Keyboard shortcuts
            </button>
            <a href="/docs" className={buttonClass('quiet', 'justify-start!')}>
              API documentation
            </a>
            <button type="button" className={buttonClass('quiet', 'justify-start!')} onClick={() => signOut().catch(complain)}>
              Sign out
            </button>
          </div>
        </div>
      ) : null}
    </div>
  )
}

export function TopBar({ onPalette, onKeys }: { readonly onPalette: () => void; readonly onKeys: () => void }) {
  const mayKill = useMay('killswitch.raise')
  return (
    <header className="sticky top-0 z-20 flex h-13 items-center gap-2 border-b border-line bg-card px-3 lg:px-4">
      <Link to="/" className="flex items-center gap-2 rounded-md font-semibold tracking-tight">
        <img src={iconUrl} alt="" className="size-7" />
        <span className="sr-only sm:not-sr-only">ModelReins</span>
      </Link>
      <button
        type="button"
        onClick={onPalette}
        className="ml-2 hidden min-h-9 min-w-56 items-center gap-2 rounded-md border border-line bg-sunken px-3 text-left text-soft hover:border-edge md:inline-flex"
      >
        <Icon name="search" className="size-4" />
        <span className="flex-1">Search or act</span>
        <kbd className="rounded-sm border border-line bg-card px-1.5 text-xs">Ctrl K</kbd>
      </button>
      <div className="ml-auto flex items-center gap-2">
        <Pill />
        <button type="button" onClick={onPalette} aria-label="Search or act" className={buttonClass('quiet', 'px-2! md:hidden')}>
          <Icon name="search" />
        </button>
        <Account onKeys={onKeys} />
        <Link to="/killswitch" search={mayKill ? { level: '3' } : {}} className={buttonClass('danger')}>
          <Icon name="stop" />
          Kill
        </Link>
      </div>
    </header>
  )
}
