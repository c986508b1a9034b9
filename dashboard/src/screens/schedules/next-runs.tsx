/** Responsible for the next runs of a schedule: each in the schedule's own time zone, and how far away it is. */
import { Time } from '../../parts/time.tsx'

/** Undefined for a name that is not a time zone, such as one that is still being typed. */
function formatIn(timezone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat(navigator.language, {
      timeZone: timezone,
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'short',
    })
  } catch {
    return undefined
  }
}

/** `timezone`: undefined for a rule without one; then the browser's own is used. */
export function NextRuns(props: { readonly times: readonly string[]; readonly timezone: string | undefined; readonly none: string }) {
  const { times, timezone, none } = props
  const format = formatIn(timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
  if (times.length === 0) return <p className="text-soft">{none}</p>
  return (
    <ol className="mt-1 text-sm">
      {times.map((at) => (
        <li key={at} className="flex flex-wrap gap-x-3">
          <span className="min-w-56 tabular-nums">{format === undefined ? at : format.format(new Date(at))}</span>
          <span className="text-soft">
            <Time at={at} />
          </span>
        </li>
      ))}
    </ol>
  )
}
