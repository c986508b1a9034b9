/** Responsible for text of any length: its beginning first, the rest on request. */
import { useState } from 'react'
import { Button } from './button.tsx'
import { spelledOut } from './safe-text.ts'
import { bytesWords } from './time.tsx'

const first = 4_000
const most = 2_000_000

export function LongText({ text, mono = false }: { readonly text: string; readonly mono?: boolean }) {
  const [whole, setWhole] = useState(false)
  const long = text.length > first
  return (
    <>
      <div
        dir="auto"
        className={`whitespace-pre-wrap foreign ${mono ? 'font-mono text-sm' : ''} ${whole ? 'max-h-[60vh] overflow-y-auto' : ''}`}
        {...(whole ? { tabIndex: 0, role: 'region', 'aria-label': 'The whole text' } : {})}
      >
        {spelledOut(whole ? text.slice(0, most) : text.slice(0, first))}
        {long && !whole ? '…' : ''}
      </div>
      {long ? (
        <Button className="mt-2 min-h-8 text-sm" onClick={() => setWhole(!whole)}>
          {whole ? 'Show the beginning only' : `Show all of it (${bytesWords(text.length)})`}
        </Button>
      ) : null}
    </>
  )
}
