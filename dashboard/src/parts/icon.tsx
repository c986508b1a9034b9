/** Responsible for the icons beside words; an icon is never the only sign of anything. */
import type { Icon as Name } from '../frame/places.ts'

const paths: Readonly<Record<Name, string>> = {
  home: 'M3 10.5 12 3l9 7.5M5.5 9v11h13V9M10 20v-6h4v6',
  chat: 'M4 5h16v11H9l-5 4z',
  jobs: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  reviews: 'M12 3 5 6v5c0 4.5 3 8.300 7 10 4-1.700 7-5.500 7-10V6zM9 11.500l2.200 2.200L15.500 9.500',
  work: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20c1-4 4-5.500 7.500-5.500s6.500 1.500 7.500 5.500',
  workers: 'M5 5h14v10H5zM9 19h6M12 15v4M9 9h.01M15 9h.01',
  schedules: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2',
  audit: 'M9 15l6-6M8 11 5.500 13.500a3.500 3.500 0 0 0 5 5L13 16M16 13l2.500-2.500a3.500 3.500 0 0 0-5-5L11 8',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5',
  stop: 'M8 3.500h8l4.500 4.500v8L16 20.500H8L3.500 16V8zM9 9l6 6M15 9l-6 6',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.500 4.500',
}

export function Icon({ name, className = 'size-[1.125rem]' }: { readonly name: Name; readonly className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      aria-hidden="true"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  )
}
