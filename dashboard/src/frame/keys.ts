/**
 * Responsible for keyboard shortcuts: one list defines what they do and what the sheet shows. A single letter never acts while a field has the focus.
 */
import { useEffect } from 'react'

export interface KeyRow {
  /** `mod+k`, `?`, `g j`, `j`: as `KeyboardEvent.key` spells it. */
  readonly keys: string
  readonly what: string
  readonly group: string
}

interface Binding extends KeyRow {
  readonly run: (event: KeyboardEvent) => void
}

const bindings = new Set<Binding>()
export const keyRows = (): readonly KeyRow[] => [...bindings].filter((row) => row.what !== '')

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    ['TEXTAREA', 'SELECT'].includes(target.tagName) ||
    (target instanceof HTMLInputElement && target.type !== 'checkbox'))

let first: { readonly key: string; readonly at: number } | undefined

function pressed(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return
  const mod = event.ctrlKey || event.metaKey
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
  const find = (spelling: string): Binding | undefined => [...bindings].toReversed().find((one) => one.keys === spelling)
  if (mod) {
    const binding = find(`mod+${key === 'Enter' ? 'enter' : key}`)
    if (binding === undefined) return
    event.preventDefault()
    binding.run(event)
    return
  }
  if (event.altKey || isField(event.target) || document.querySelector('dialog[open]') !== null) return
  const chord = first !== undefined && event.timeStamp - first.at < 1_200 ? find(`${first.key} ${key}`) : undefined
  first = { key, at: event.timeStamp }
  const binding = chord ?? find(key)
  if (binding === undefined) return
  event.preventDefault()
  first = undefined
  binding.run(event)
}

let listening = false
export function useKeys(rows: readonly Binding[], deps: readonly unknown[]): void {
  useEffect(() => {
    if (!listening) {
      addEventListener('keydown', pressed)
      listening = true
    }
    for (const row of rows) bindings.add(row)
    return () => {
      for (const row of rows) bindings.delete(row)
    }
    // The rows are new objects in every render, so the caller names their dependencies.
  }, deps)
}
