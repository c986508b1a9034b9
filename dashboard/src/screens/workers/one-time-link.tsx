/** Responsible for a one-time link: the link, its QR code, how long it is valid, and whether it was opened. */
import { encode } from 'uqr'
import { useMemo } from 'react'
import { useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Command } from '../../parts/copy.tsx'
import { Time, useNow, spanWords } from '../../parts/time.tsx'

function QrCode({ text }: { readonly text: string }) {
  const { data, size } = useMemo(() => encode(text, { border: 2 }), [text])
  const path = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return (
    <svg
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label="QR code of the link"
      shapeRendering="crispEdges"
      className="size-44 shrink-0 rounded-md bg-white"
    >
      <path d={path} fill="#000" />
    </svg>
  )
}

/** The id is the part between `/view/` and `#`; the part after the # is the key, which the browser does not send to the server. */
const viewIdOf = (url: string): string => /\/view\/([a-z0-9]+)/.exec(url)?.[1] ?? ''

function Opened({ url, expiresAt }: { readonly url: string; readonly expiresAt: string }) {
  const mayAudit = useMay('audit.read')
  const id = viewIdOf(url)
  const { data } = useOperation('audit.query', { action: 'view.reveal', order: 'desc', limit: 50 }, { enabled: mayAudit })
  const opened = data?.items.find((row) => row.subject === `view:${id}`)
  const now = useNow(1_000)
  const left = Date.parse(expiresAt) - now
  if (opened !== undefined) {
    return (
      <p role="status" className="flex flex-wrap items-center gap-2">
        <Badge tone="good">Opened</Badge>
        <span className="text-soft">
          <Time at={opened.at} />. If somebody else opened it, revoke the token at once.
        </span>
      </p>
    )
  }
  return (
    <p role="status" className="flex flex-wrap items-center gap-2">
      <Badge tone={left > 0 ? 'warn' : 'bad'}>{left > 0 ? 'Not opened yet' : 'Expired'}</Badge>
      <span className="text-soft" aria-live="off">
        {left > 0 ? `good for another ${spanWords(left)}` : 'rotate to get another one'}
      </span>
    </p>
  )
}

export function OneTimeLink({ url, expiresAt }: { readonly url: string; readonly expiresAt: string }) {
  return (
    <div className="flex flex-wrap gap-5">
      <QrCode text={url} />
      <div className="flex min-w-0 flex-1 basis-72 flex-col gap-3">
        <p>
          This link shows the token <strong>once</strong>. Opening the page does not use it up; revealing the token does. It is shown here
          until you leave this screen.
        </p>
        <Command text={url} />
        <Opened url={url} expiresAt={expiresAt} />
      </div>
    </div>
  )
}
