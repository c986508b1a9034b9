/** Responsible for times in the form that people write and read: `5m`, `3 s ago`. */

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** Milliseconds of `30` (seconds), `1.5s`, `500ms`, `5m`, `2h`, `1d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|min|h|d)?$/.exec(text.trim())
  if (match === null) return undefined
  const [, number = '', word = 's'] = match
  const unit = units.find(([name]) => name === (word === 'min' ? 'm' : word))
  return unit === undefined ? undefined : Math.round(Number(number) * unit[1])
}

/** `840ms`, `3.2s`, `5m 12s`, `2h 3m`, `4d 1h`: at most two units. */
export function showDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)}s`
  for (const [index, [name, size]] of units.entries()) {
    if (ms < size) continue
    const whole = Math.floor(ms / size)
    const [next, nextSize] = units[index + 1] ?? ['', Number.POSITIVE_INFINITY]
    const rest = Math.floor((ms - whole * size) / nextSize)
    return rest === 0 ? `${whole}${name}` : `${whole}${name} ${rest}${next}`
  }
  return '0s'
}

const inOneUnit = (ms: number): string => {
  const unit = units.find(([, size]) => ms >= size) ?? units[3]
  return `${Math.floor(ms / unit[1])}${unit[0]}`
}

/** How long ago, in one unit: `now`, `12s`, `5m`, `3h`, `4d`; `in 5m` for a future time. */
export function showAge(at: string | null, now: number): string {
  if (at === null) return 'never'
  const ms = now - Date.parse(at)
  if (Number.isNaN(ms)) return at
  if (Math.abs(ms) < 1_000) return 'now'
  return ms < 0 ? `in ${inOneUnit(-ms)}` : inOneUnit(ms)
}
