/** Responsible for text that is meant to be copied: a command, a token, a digest. */
import { useState } from 'react'
import { Button } from './button.tsx'
import { complain } from './toasts.tsx'

/** `text`: what is copied, or a function that is called for it when the button is pressed. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string | (() => string); readonly label?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text())
      setCopied(true)
      setTimeout(() => setCopied(false), 2_000)
    } catch {
      complain(new Error('The browser did not allow copying. Select the text and copy it with the keyboard.'))
    }
  }
  return (
    <Button onClick={() => void copy()} className="min-h-8 px-2.5 text-sm">
      <span aria-live="polite">{copied ? 'Copied' : label}</span>
    </Button>
  )
}

/** Breaks lines only between words: a flag or name that is broken at its hyphen would be read as two. Only a word longer than the line is broken. */
export function CommandWords({ text }: { readonly text: string }) {
  return text.split(/([ \n]+)/).map((part, index) =>
    index % 2 === 1 || part === '' ? (
      part
    ) : (
      <span key={index} className="inline-block max-w-full">
        {part}
      </span>
    ),
  )
}

export function Command({ text }: { readonly text: string }) {
  return (
    <div className="flex items-start gap-2 rounded-md border border-line bg-sunken p-2">
      <pre className="min-w-0 flex-1 overflow-x-auto px-1 py-1 font-mono text-sm whitespace-pre-wrap foreign">
        <CommandWords text={text} />
      </pre>
      <CopyButton text={text} />
    </div>
  )
}
