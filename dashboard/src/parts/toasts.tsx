/** Responsible for short messages about what just happened. They are announced and disappear by themselves, so no information is shown here alone. */
import { useSyncExternalStore } from 'react'
import { sentence } from '../api/client.ts'

interface Toast {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly text: string
}

let toasts: readonly Toast[] = []
let next = 1
const listeners = new Set<() => void>()
const set = (value: readonly Toast[]): void => {
  toasts = value
  for (const listener of listeners) listener()
}
const drop = (id: number): void => set(toasts.filter((toast) => toast.id !== id))

function show(tone: Toast['tone'], text: string): void {
  const id = next++
  set([...toasts.slice(-3), { id, tone, text }])
  setTimeout(() => drop(id), tone === 'bad' ? 12_000 : 5_000)
}
export const say = (text: string): void => show('good', text)
export const complain = (error: unknown): void => show('bad', sentence(error))

/**
 * A modal dialog makes everything outside it inert. The region is a popover, so it stays on top and is still announced. It is placed where no screen
 * has buttons: at the lower left below the places, or at the top on narrow screens.
 */
export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => toasts,
  )
  const list = (tone: Toast['tone']) =>
    shown
      .filter((toast) => toast.tone === tone)
      .map((toast) => (
        <div
          key={toast.id}
          className={`pointer-events-auto flex items-start gap-3 rounded-lg border bg-raised px-4 py-2.5 shadow-pop ${tone === 'bad' ? 'border-bad' : 'border-good'}`}
        >
          <span className="foreign">
            <span className={`font-semibold ${tone === 'bad' ? 'text-bad' : 'text-good'}`}>{tone === 'bad' ? 'Not done. ' : 'Done. '}</span>
            {toast.text}
          </span>
          <button type="button" className="min-h-6 min-w-6 text-soft" aria-label="Dismiss" onClick={() => drop(toast.id)}>
            ×
          </button>
        </div>
      ))
  return (
    <div className="pointer-events-none fixed inset-x-3 top-16 z-50 flex flex-col items-center gap-2 lg:bottom-6 lg:right-auto lg:top-auto lg:items-start">
      <div role="status" aria-live="polite" className="flex max-w-lg flex-col gap-2">
        {list('good')}
      </div>
      <div role="alert" className="flex max-w-lg flex-col gap-2">
        {list('bad')}
      </div>
    </div>
  )
}
