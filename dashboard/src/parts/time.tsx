/** Responsible for showing times and durations in the format that the person has chosen; a tooltip shows the exact time with its zone. */
import { useEffect, useState } from 'react'
import { useTimeFormat } from './settings-store.ts'
import { language, spanWords } from './words.ts'

export { bytesWords, numberWords, plural, spanWords } from './words.ts'

const relative = new Intl.RelativeTimeFormat(language(), { numeric: 'auto', style: 'narrow' })
const local = new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'medium' })
const exactFormat = new Intl.DateTimeFormat(language(), { dateStyle: 'full', timeStyle: 'long' })

const steps = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
] as const

/** A future duration is rounded as the server rounds it in its sentences; an age is cut off to what has passed. */
const whole = (value: number): number => (value > 0 ? Math.round(value) : Math.trunc(value))

export function relativeWords(at: number, now: number): string {
  let value = (at - now) / 1_000
  for (const [unit, size] of steps) {
    if (Math.abs(value) < size) return relative.format(whole(value), unit)
    value /= size
  }
  return relative.format(whole(value), 'year')
}

/** The current time, updated at this interval while the tab is visible, so that a hidden tab causes no work. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    let timer: ReturnType<typeof setInterval> | undefined
    const run = (): void => {
      clearInterval(timer)
      if (document.hidden) return
      setNow(Date.now())
      timer = setInterval(() => setNow(Date.now()), everyMs)
    }
    run()
    document.addEventListener('visibilitychange', run)
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', run)
    }
  }, [everyMs])
  return now
}

export function Time({ at, none = '–' }: { readonly at: string | null | undefined; readonly none?: string }) {
  const [format] = useTimeFormat()
  const moment = at == null ? Number.NaN : Date.parse(at)
  if (Number.isNaN(moment)) return <span>{none}</span>
  return (
    <time dateTime={new Date(moment).toISOString()} title={exactFormat.format(moment)} className="whitespace-nowrap">
      {format === 'relative' ? <Relative at={moment} /> : format === 'local' ? local.format(moment) : utcWords(moment)}
    </time>
  )
}

const utcWords = (moment: number): string =>
  new Date(moment)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')

function Relative({ at }: { readonly at: number }) {
  const age = Math.abs(Date.now() - at)
  const now = useNow(age < 60_000 ? 1_000 : 30_000)
  return <>{relativeWords(at, Math.max(now, at > Date.now() ? 0 : at))}</>
}

/** The duration from a start to an end, or until now while there is no end. */
export function Span({ from, to }: { readonly from: string | null; readonly to: string | null }) {
  if (from === null) return <span>–</span>
  return to === null ? <Running from={from} /> : <span>{spanWords(Date.parse(to) - Date.parse(from))}</span>
}

function Running({ from }: { readonly from: string }) {
  const now = useNow(1_000)
  return <span>{spanWords(now - Date.parse(from))}</span>
}
