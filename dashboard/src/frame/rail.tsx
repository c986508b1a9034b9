/** Responsible for the rail: the places of the dashboard at the left, or at the bottom on narrow screens, each with the number of waiting items. */
import { Link, useLocation } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { Icon } from '../parts/icon.tsx'
import { places } from './places.ts'
import { useWaiting } from './waiting.ts'
import { useWork } from './work.ts'

export function Rail() {
  const waiting = useWaiting()
  const work = useWork()
  const rail = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  useEffect(() => {
    // When the rail is too narrow for all places, the open one is scrolled into view.
    const open = rail.current?.querySelector<HTMLElement>('[data-status=active]')
    if (open != null && rail.current !== null) rail.current.scrollLeft = open.offsetLeft - (rail.current.clientWidth - open.offsetWidth) / 2
  }, [pathname])
  return (
    <nav
      ref={rail}
      aria-label="Places"
      className="fixed inset-x-0 bottom-0 z-20 flex overflow-x-auto border-t border-line bg-card pb-[env(safe-area-inset-bottom)] lg:sticky lg:top-13 lg:h-[calc(100dvh-3.25rem)] lg:flex-col lg:gap-0.5 lg:overflow-y-auto lg:border-r lg:border-t-0 lg:px-2.5 lg:py-4"
    >
      {places.map((place) => {
        const count = place.to === '/reviews' ? waiting : place.to === '/work' ? work : 0
        return (
          <Link
            key={place.to}
            to={place.to}
            activeOptions={{ exact: place.to === '/', includeSearch: false }}
            aria-description={count > 0 ? `${count} waiting` : undefined}
            className="relative flex min-w-17 shrink-0 flex-1 flex-col items-center gap-0.5 rounded-md px-2 py-1.5 text-xs text-soft hover:text-ink data-[status=active]:text-accent lg:flex-none lg:flex-row lg:gap-3 lg:px-3 lg:py-2 lg:text-base lg:hover:bg-sunken lg:data-[status=active]:bg-accent-wash lg:data-[status=active]:font-medium"
          >
            <Icon name={place.icon} />
            <span>{place.name}</span>
            {count > 0 ? (
              <span
                aria-hidden="true"
                className="absolute right-2 top-1 min-w-5 rounded-full bg-accent px-1.5 text-center text-xs/5 font-semibold text-on-accent lg:static lg:ml-auto"
              >
                {count > 199 ? '199+' : count}
              </span>
            ) : null}
          </Link>
        )
      })}
    </nav>
  )
}
