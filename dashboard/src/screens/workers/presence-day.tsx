/** Responsible for the last day of a worker as a strip: when it was present, drawn and in words. */
import type { Worker } from '@modelreins/contract'
import { Panel } from '../../parts/facts.tsx'
import { spanWords, Time, useNow } from '../../parts/time.tsx'

const dayMs = 24 * 3_600_000
const hours = [0, 6, 12, 18]

export function PresenceDay({ worker }: { readonly worker: Worker }) {
  const now = useNow(60_000)
  const spans = (worker.presence_24h ?? []).map(({ from, until }) => ({ from: Date.parse(from), until: Date.parse(until) }))
  const begun = now - dayMs
  const at = (time: number): number => Math.max(0, Math.min(100, ((time - begun) / dayMs) * 100))
  const total = spans.reduce((sum, { from, until }) => sum + Math.max(0, until - Math.max(from, begun)), 0)
  const last = spans.at(-1)
  const words =
    spans.length === 0
      ? 'Not connected in the last 24 hours.'
      : `Connected for ${spanWords(total)} of the last 24 hours${spans.length === 1 ? '' : `, in ${spans.length} stretches`}.`
  return (
    <Panel title="Last 24 hours">
      <svg
        viewBox="0 0 100 12"
        preserveAspectRatio="none"
        role="img"
        aria-label={words}
        className="h-6 w-full rounded-md bg-sunken text-good"
      >
        {spans.map(({ from, until }) => (
          // A minimum width, so that a short presence is visible.
          <rect key={from} x={Math.min(99.4, at(from))} width={Math.max(0.6, at(until) - at(from))} y="0" height="12" fill="currentColor" />
        ))}
        {hours.map((hour) => (
          <line key={hour} x1={(hour / 24) * 100} x2={(hour / 24) * 100} y1="0" y2="12" className="stroke-line" strokeWidth="0.15" />
        ))}
      </svg>
      <div aria-hidden="true" className="mt-1 flex justify-between text-xs text-soft">
        <span>24 h ago</span>
        <span>12 h ago</span>
        <span>now</span>
      </div>
      <p className="mt-2 text-sm text-soft">
        {words} {last === undefined ? null : <LastBegun from={last.from} />}
        Absences under four minutes are not drawn.
      </p>
    </Panel>
  )
}

function LastBegun({ from }: { readonly from: number }) {
  return (
    <>
      The last stretch began <Time at={new Date(from).toISOString()} />.{' '}
    </>
  )
}
