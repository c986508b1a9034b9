/** Responsible for what a person has set in this browser: theme, time format, drafts. Secrets are never stored here. */
import { useSyncExternalStore } from 'react'

const prefix = 'modelreins.'
const listeners = new Set<() => void>()

/** Values that the browser's storage refused because it is full or forbidden; kept until the tab closes. */
const memory = new Map<string, string>()

export function read(key: string): string | undefined {
  const kept = memory.get(key)
  if (kept !== undefined) return kept
  try {
    return localStorage.getItem(prefix + key) ?? undefined
  } catch {
    return undefined
  }
}

export function write(key: string, value: string | undefined): void {
  memory.delete(key)
  try {
    if (value === undefined) localStorage.removeItem(prefix + key)
    else localStorage.setItem(prefix + key, value)
  } catch {
    if (value !== undefined) memory.set(key, value)
  }
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void): (() => void) => {
  const onStorage = (event: StorageEvent): void => {
    if (event.key === null || event.key.startsWith(prefix)) listener()
  }
  listeners.add(listener)
  addEventListener('storage', onStorage)
  return () => {
    listeners.delete(listener)
    removeEventListener('storage', onStorage)
  }
}

/** The value of a key; updated when this or another tab changes it. */
export const useStored = (key: string): string | undefined => useSyncExternalStore(subscribe, () => read(key))

export function useSetting<const Value extends string>(key: string, values: readonly [Value, ...Value[]]): [Value, (value: Value) => void] {
  const current = useSyncExternalStore(subscribe, () => read(key))
  const value = values.find((one) => one === current) ?? values[0]
  return [value, (next) => write(key, next)]
}

export const themes = ['system', 'light', 'dark'] as const
export const timeFormats = ['relative', 'local', 'utc'] as const
export const useTimeFormat = () => useSetting('time-format', timeFormats)
export const useTheme = () => useSetting('theme', themes)

export function applyTheme(): void {
  const theme = read('theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme
  else delete document.documentElement.dataset['theme']
}
