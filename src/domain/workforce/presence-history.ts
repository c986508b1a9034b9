/**
 * Responsible for the history of when a worker was live, as spans of time: begun by a hello, extended by a heartbeat that is written anyway, ended by
 * a lost connection. Only the end of a span causes a write of its own. It says nothing about the present.
 */

/** Milliseconds since 1970; `until` is null until the end of the connection is noticed. */
export interface PresenceSpan {
  readonly from: number
  readonly until: number | null
}

export const historyMs = 24 * 3_600_000
/** Shorter absences are ignored: heartbeats over HTTP are written only every three minutes, and a deployment briefly cuts every connection. */
export const bridgedMs = 4 * 60_000
/** Maximum number of spans. For a worker that often comes and goes, the shortest absences are dropped. */
const spansKept = 32

function merged(spans: readonly PresenceSpan[]): readonly PresenceSpan[] {
  if (spans.length <= spansKept) return spans
  let at = 1
  const gap = (index: number): number => (spans[index]?.from ?? 0) - (spans[index - 1]?.until ?? 0)
  for (let index = 2; index < spans.length; index += 1) if (gap(index) < gap(at)) at = index
  const [before, after] = [spans[at - 1], spans[at]]
  if (before === undefined || after === undefined) return spans
  return merged([...spans.slice(0, at - 1), { from: before.from, until: after.until }, ...spans.slice(at + 1)])
}

const kept = (spans: readonly PresenceSpan[], at: number): readonly PresenceSpan[] =>
  merged(spans.filter((span) => span.until === null || span.until > at - historyMs))

export interface Heard {
  readonly at: number
  /** When the worker was last heard from before, if that is known. */
  readonly before: number | null
  /** The same process as before: it was alive all the time, even if its connection broke without notice. */
  readonly sameProcess: boolean
  /** It holds a connection, whose end will be noticed. */
  readonly connected: boolean
}

/** The spans after the worker was heard from. */
export function present(spans: readonly PresenceSpan[], { at, before, sameProcess, connected }: Heard): readonly PresenceSpan[] {
  const last = spans.at(-1)
  const until = connected ? null : at
  if (last === undefined) return [{ from: at, until }]
  const ended = last.until ?? (sameProcess ? at : Math.max(last.from, Math.min(before ?? last.from, at)))
  const earlier = spans.slice(0, -1)
  return at - ended <= bridgedMs
    ? kept([...earlier, { from: last.from, until }], at)
    : kept([...earlier, { from: last.from, until: ended }, { from: at, until }], at)
}

/** The spans after its connection ended or it said that it stops; `at` is when it was last heard from. Returns the same spans when none was open. */
export function absent(spans: readonly PresenceSpan[], at: number): readonly PresenceSpan[] {
  const last = spans.at(-1)
  if (last === undefined || last.until !== null) return spans
  return kept([...spans.slice(0, -1), { from: last.from, until: Math.max(last.from, at) }], at)
}

/** The spans of the last day, for display now. `lastSeen`: the end of a span whose end was not noticed. `there`: the worker is live now. */
export function lastDay(
  spans: readonly PresenceSpan[],
  { at, lastSeen, there }: { readonly at: number; readonly lastSeen: number | null; readonly there: boolean },
): readonly { readonly from: number; readonly until: number }[] {
  return spans
    .map(({ from, until }, index) => {
      const now = there && index === spans.length - 1
      const ended = now ? at : (until ?? Math.max(from, lastSeen ?? from))
      return { from: Math.max(from, at - historyMs), until: Math.min(at, ended) }
    })
    .filter(({ from, until }) => until >= from && until > at - historyMs)
}
