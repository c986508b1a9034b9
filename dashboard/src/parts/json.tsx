/** Responsible for showing JSON as text: indented, keys in their order, closed at first. Numbers that fit a double are unchanged. */
import { useState } from 'react'
import { CopyButton } from './copy.tsx'
import { spelledOut } from './safe-text.ts'

export function Json({ value, label, open = false }: { readonly value: unknown; readonly label: string; readonly open?: boolean }) {
  const [shown, setShown] = useState(open)
  const text = shown ? JSON.stringify(value, null, 2) : ''
  return (
    <details open={shown} onToggle={(event) => setShown(event.currentTarget.open)} className="rounded-md border border-line">
      <summary className="px-3 py-1.5 text-soft select-none">{label}</summary>
      {shown ? (
        <div className="border-t border-line">
          <div className="flex justify-end px-2 pt-2">
            <CopyButton text={text} />
          </div>
          <pre tabIndex={0} aria-label={label} className="max-h-96 overflow-auto px-3 pb-3 font-mono text-sm whitespace-pre-wrap foreign">
            {spelledOut(text.slice(0, 500_000))}
          </pre>
        </div>
      ) : null}
    </details>
  )
}
