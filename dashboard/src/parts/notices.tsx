/** Responsible for what a screen says when it is empty or something went wrong: each message names the next step. */
import type { ReactNode } from 'react'
import { isForbidden, sentence } from '../api/client.ts'
import { Button } from './button.tsx'

type Tone = 'plain' | 'good' | 'warn' | 'bad'
const tones: Readonly<Record<Tone, string>> = {
  plain: 'bg-card border-line text-ink',
  good: 'bg-good-wash border-good/40 text-ink',
  warn: 'bg-warn-wash border-warn/40 text-ink',
  bad: 'bg-bad-wash border-bad/40 text-ink',
}

export function Notice({
  tone = 'plain',
  title,
  children,
  live = false,
}: {
  readonly tone?: Tone
  readonly title?: ReactNode
  readonly children?: ReactNode
  readonly live?: boolean
}) {
  return (
    <div className={`rounded-lg border px-4 py-3 ${tones[tone]}`} {...(live ? { role: tone === 'bad' ? 'alert' : 'status' } : {})}>
      {title === undefined ? null : <p className="font-semibold">{title}</p>}
      {children === undefined ? null : <div className="text-base foreign">{children}</div>}
    </div>
  )
}

export function ErrorNotice({ error, what, retry }: { readonly error: unknown; readonly what: string; readonly retry?: () => void }) {
  if (isForbidden(error)) {
    return (
      <Notice title={`${what}: not for your role`}>Your role may not see this. An owner can give you another role under Settings.</Notice>
    )
  }
  return (
    <Notice tone="bad" title={`${what} could not be loaded`} live>
      <p>{sentence(error)}</p>
      {retry === undefined ? null : (
        <Button className="mt-2" onClick={retry}>
          Try again
        </Button>
      )}
    </Notice>
  )
}

export function Empty({ title, children, action }: { readonly title: string; readonly children: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className="card px-5 py-8 text-center">
      <p className="font-semibold text-lg">{title}</p>
      <div className="mx-auto mt-1 max-w-prose text-soft">{children}</div>
      {action === undefined ? null : <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}

/** A placeholder in the shape of the content that is loading, instead of a spinner. */
export function Skeleton({ rows = 4, label }: { readonly rows?: number; readonly label: string }) {
  return (
    <div className="card divide-y divide-line" role="status" aria-label={`${label}: loading`}>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="flex items-center gap-4 px-4 py-3.5" aria-hidden="true">
          <span className="skeleton h-3.5 w-12" />
          <span className={`skeleton h-3.5 ${['w-1/2', 'w-2/5', 'w-3/5'][index % 3]}`} />
          <span className="skeleton ml-auto h-3.5 w-16" />
        </div>
      ))}
    </div>
  )
}
