/** Responsible for the beginning of every screen: its heading, which gets the focus after a navigation, its actions, and the tab's title. */
import { useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import { markIcon } from './tab-icon.ts'
import { titleOf } from './title.ts'
import { useDecisions } from './waiting.ts'
import { useOffers } from './work.ts'

let navigations = 0

interface Props {
  readonly title: string
  /** Shown beside the heading; the tab's title remains `title`. */
  readonly badge?: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly narrow?: boolean
}

export function Screen({ title, badge, lead, actions, children, narrow = false }: Props) {
  const heading = useRef<HTMLHeadingElement>(null)
  const path = useRouterState({ select: (state) => state.location.pathname })
  const reviews = useDecisions()
  const { offered, reminded } = useOffers()
  const waiting = reviews + offered + reminded
  const text = titleOf(title, waiting)
  useEffect(() => {
    document.title = text
    markIcon(waiting)
  }, [text, waiting])
  useEffect(() => {
    navigations += 1
    // On the first page of a visit the focus stays where the browser puts it, at the top.
    if (navigations > 1 && !(document.activeElement instanceof HTMLInputElement)) heading.current?.focus({ preventScroll: true })
  }, [path])
  return (
    <div className={`mx-auto flex w-full flex-col gap-4 px-4 py-5 sm:px-6 lg:py-7 ${narrow ? 'max-w-3xl' : 'max-w-6xl'}`}>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight foreign outline-none">
              {title}
            </h1>
            {badge}
          </div>
          {lead === undefined ? null : <div className="mt-0.5 max-w-prose text-soft">{lead}</div>}
        </div>
        {actions === undefined ? null : <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      {children}
    </div>
  )
}
