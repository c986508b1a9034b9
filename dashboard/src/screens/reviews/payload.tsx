/** Responsible for showing the subject of a review: the payload as text and fields, its canonical form, its digest, and what has changed. */
import { digestWords, type Review } from '@modelreins/contract'
import { diffLines, diffWords, type Change } from 'diff'
import { useEffect, useMemo, useState } from 'react'
import { useOperation } from '../../api/queries.ts'
import { CommandWords, CopyButton } from '../../parts/copy.tsx'
import { Facts, Panel } from '../../parts/facts.tsx'
import { Json } from '../../parts/json.tsx'
import { LongText } from '../../parts/long-text.tsx'
import { spelledOut } from '../../parts/safe-text.ts'
import { canonicalText, sha256Hex, shortDigest } from './digest.ts'

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Long strings as text, short values as facts, everything else as JSON. */
export function PayloadView({ payload }: { readonly payload: unknown }) {
  if (typeof payload === 'string') return <LongText text={payload} />
  if (!isRecord(payload)) return <Json value={payload} label="Payload" open />
  const entries = Object.entries(payload).filter(([, value]) => value !== null)
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const facts = entries.filter(([, value]) => typeof value === 'number' || typeof value === 'boolean')
  const rest = entries.filter(([, value]) => typeof value === 'object')
  return (
    <div className="flex flex-col gap-3">
      {texts.map(([name, text]) => (
        <div key={name}>
          <h3 className="text-sm font-medium text-soft foreign">{name}</h3>
          <LongText text={text} />
        </div>
      ))}
      {facts.length === 0 ? null : <Facts rows={facts.map(([name, value]) => [name, String(value)])} />}
      {rest.map(([name, value]) => (
        <Json key={name} value={value} label={name} open />
      ))}
    </div>
  )
}

function Changes({ before, after }: { readonly before: unknown; readonly after: unknown }) {
  const parts = useMemo((): readonly Change[] => {
    const [one, other] = [JSON.stringify(before, null, 2), JSON.stringify(after, null, 2)]
    return one.length + other.length > 60_000 ? diffLines(one, other) : diffWords(one, other)
  }, [before, after])
  if (parts.every((part) => !part.added && !part.removed)) return <p className="text-soft">No differences.</p>
  return (
    <pre
      tabIndex={0}
      aria-label="Changes"
      className="max-h-96 overflow-auto rounded-md border border-line p-3 font-mono text-sm whitespace-pre-wrap foreign"
    >
      {parts.map((part, index) =>
        part.added ? (
          <ins key={index} className="bg-good-wash text-good">
            {spelledOut(part.value)}
          </ins>
        ) : part.removed ? (
          <del key={index} className="bg-bad-wash text-bad">
            {spelledOut(part.value)}
          </del>
        ) : (
          <span key={index}>{spelledOut(part.value)}</span>
        ),
      )}
    </pre>
  )
}

/** The version to compare with: the one that this review replaced, else the newest approved review of the same kind. */
function Compared({ review }: { readonly review: Review }) {
  const ofJob = useOperation('reviews.list', { job_id: review.job_id ?? 1, limit: 50 }, { enabled: review.job_id !== null })
  const replaced = ofJob.data?.items.find((one) => one.superseded_by === review.id)
  if (review.edited_from !== null) {
    return (
      <Panel title="What the edit changed">
        <Changes before={review.edited_from.payload} after={review.payload} />
      </Panel>
    )
  }
  return (
    <>
      {replaced === undefined ? null : (
        <Panel title={`Against review ${replaced.id}, the version before`}>
          <Changes before={replaced.payload} after={review.payload} />
        </Panel>
      )}
      <LastApproved review={review} />
    </>
  )
}

function LastApproved({ review }: { readonly review: Review }) {
  const { data } = useOperation('reviews.list', {
    status: ['approved', 'consumed'],
    type: review.type,
    ...(review.capability === null ? {} : { capability: review.capability }),
    // Reviews before this one: the cursor is the id of the review above the page.
    cursor: String(review.id),
    limit: 5,
  })
  const before = data?.items.find((one) => one.capability === review.capability)
  if (before === undefined) return null
  return (
    <Panel title={`Against review ${before.id}, the last approved of this kind`}>
      <Changes before={before.payload} after={review.payload} />
    </Panel>
  )
}

function Digest({ review }: { readonly review: Review }) {
  const text = useMemo(() => canonicalText(review), [review])
  const [computed, setComputed] = useState<string | undefined>(undefined)
  useEffect(() => {
    let current = true
    if (text !== undefined && isSecureContext) void sha256Hex(text).then((digest) => current && setComputed(digest))
    return () => {
      current = false
    }
  }, [text])
  const verdict =
    text === undefined
      ? 'The payload has text that is not valid Unicode, so its digest cannot be computed here.'
      : computed === undefined
        ? ''
        : computed === review.digest
          ? 'Computed in this browser from what is shown here: it fits.'
          : 'Computed in this browser: it does NOT fit what is shown here. Do not approve; tell an owner.'
  return (
    <Panel title="Digest" actions={<CopyButton text={review.digest} />}>
      <p className="text-lg" aria-label="Digest in words">
        {digestWords(review.digest) ?? ''}
      </p>
      <p className="text-sm text-soft">
        Its first 64 bits in words, to compare by telephone:{' '}
        <code className="font-mono">
          <CommandWords text={`modelreins-worker reviews show ${review.id}`} />
        </code>{' '}
        says the same. To prove that two payloads are one, compare the whole digest.
      </p>
      <p className="mt-2 font-mono">{shortDigest(review.digest)}</p>
      <p className="font-mono text-xs text-soft foreign">{review.digest}</p>
      <p role="status" className={`mt-2 ${computed !== undefined && computed !== review.digest ? 'font-semibold text-bad' : 'text-soft'}`}>
        {verdict}
      </p>
      {text === undefined ? null : (
        <details className="mt-2 rounded-md border border-line">
          <summary className="px-3 py-1.5 text-soft select-none">Canonical JSON</summary>
          <pre
            tabIndex={0}
            aria-label="Canonical JSON"
            className="max-h-72 overflow-auto border-t border-line p-3 font-mono text-xs whitespace-pre-wrap foreign"
          >
            {spelledOut(text.slice(0, 500_000))}
          </pre>
        </details>
      )}
    </Panel>
  )
}

export function Payload({ review }: { readonly review: Review }) {
  return (
    <>
      <Panel title="What is asked">
        {review.payload === null ? (
          <p className="text-soft">There is no payload, only the text of the review.</p>
        ) : (
          <PayloadView payload={review.payload} />
        )}
      </Panel>
      <Compared review={review} />
      <Digest review={review} />
    </>
  )
}
