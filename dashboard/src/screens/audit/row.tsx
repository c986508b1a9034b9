/** Responsible for the row of the audit trail that the address names: its facts, the bytes that its hash covers, or that there is no such row. */
import { canonicalJson, NotCanonical, type AuditRow } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { useOperation } from '../../api/queries.ts'
import { Button } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Modal } from '../../parts/modal.tsx'
import { ErrorNotice, Notice } from '../../parts/notices.tsx'
import { spelledOut } from '../../parts/safe-text.ts'
import { Time } from '../../parts/time.tsx'
import { sha256Hex } from '../reviews/digest.ts'
import { Signature } from '../reviews/signature.tsx'

/** The input of the row's hash: the hash of the row before, and RFC 8785 of all fields except the three that are computed from it. */
function hashedText(row: AuditRow): string | undefined {
  const { prev_hash, hash: _hash, mac: _mac, ...draft } = row
  try {
    return prev_hash + canonicalJson(draft)
  } catch (error) {
    if (error instanceof NotCanonical) return undefined
    throw error
  }
}

function RowDialog({ row, onClose }: { readonly row: AuditRow; readonly onClose: () => void }) {
  const text = useMemo(() => hashedText(row), [row])
  const [computed, setComputed] = useState<string | undefined>(undefined)
  useEffect(() => {
    if (text !== undefined && isSecureContext) void sha256Hex(text).then(setComputed)
  }, [text])
  return (
    <Modal title={`Audit row ${row.seq}`} onClose={onClose} wide>
      <Facts
        rows={[
          ['When', <Time key="at" at={row.at} />],
          ['Who', `${row.actor.kind} ${row.actor.name} (${row.actor.id})`],
          ['Action', row.action],
          ['Subject', row.subject],
          ['Summary', row.summary],
          row.job_id === null
            ? undefined
            : [
                'Job',
                <Link key="job" to="/jobs/$jobId" params={{ jobId: String(row.job_id) }} className="text-accent underline">
                  {row.job_id}
                </Link>,
              ],
          row.capability === null
            ? undefined
            : ['Capability', `${row.capability}${row.risk_tier === null ? '' : `, tier ${row.risk_tier}`}`],
          row.digest === null
            ? undefined
            : [
                'Digest of the payload',
                <code key="digest" className="font-mono text-xs">
                  {row.digest}
                </code>,
              ],
          [
            'Hash before',
            <code key="prev" className="font-mono text-xs">
              {row.prev_hash}
            </code>,
          ],
          [
            'Hash',
            <code key="hash" className="font-mono text-xs">
              {row.hash}
            </code>,
          ],
        ]}
      />
      <p role="status" className={`mt-3 ${computed !== undefined && computed !== row.hash ? 'font-semibold text-bad' : 'text-soft'}`}>
        {computed === undefined
          ? ''
          : computed === row.hash
            ? 'Its hash, computed in this browser, fits.'
            : 'Its hash, computed in this browser, does NOT fit: the row was changed.'}
      </p>
      {row.proof === undefined ? null : (
        <div className="mt-3">
          <Signature decided={row} proof={row.proof} />
        </div>
      )}
      {text === undefined ? null : (
        <div className="mt-3">
          <div className="mb-1 flex items-center justify-between">
            <h3 className="font-semibold">The bytes that are hashed</h3>
            <CopyButton text={text} />
          </div>
          <pre
            tabIndex={0}
            aria-label="Canonical bytes"
            className="max-h-56 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-xs whitespace-pre-wrap foreign"
          >
            {spelledOut(text)}
          </pre>
        </div>
      )}
    </Modal>
  )
}

/** The range of existing row numbers, in words. A tenant's trail begins with row 1 unless older rows were removed. */
function NoSuchRow({ asked, onClose }: { readonly asked: string; readonly onClose: () => void }) {
  const first = useOperation('audit.query', { order: 'asc', limit: 1 })
  const last = useOperation('audit.query', { order: 'desc', limit: 1 })
  if (first.data === undefined || last.data === undefined) return null
  const [from, to] = [first.data.items[0]?.seq, last.data.items[0]?.seq]
  return (
    <Notice tone="warn" title={`There is no row ${spelledOut(asked)}`} live>
      <p>
        {from === undefined || to === undefined ? 'The trail has no row yet.' : `The trail has the rows ${from} to ${to}.`} Rows arrive here
        seconds after they were written.
      </p>
      <Button className="mt-2" onClick={onClose}>
        Show the list alone
      </Button>
    </Notice>
  )
}

interface Props {
  /** The row number as the address has it. */
  readonly asked: string
  /** The rows of the list, which may include the requested one. */
  readonly listed: readonly AuditRow[]
  readonly onClose: () => void
}

export function AskedRow({ asked, listed, onClose }: Props) {
  const wanted = Number(asked)
  const here = listed.find((row) => row.seq === wanted)
  const ask = here === undefined && Number.isSafeInteger(wanted) && wanted > 0
  // A page with this cursor begins with the row before it.
  const { data, error, refetch } = useOperation('audit.query', { order: 'desc', limit: 1, cursor: String(wanted + 1) }, { enabled: ask })
  const row = here ?? (ask ? data?.items.find((one) => one.seq === wanted) : undefined)
  if (row !== undefined) return <RowDialog row={row} onClose={onClose} />
  if (!ask || data !== undefined) return <NoSuchRow asked={asked} onClose={onClose} />
  return error === null ? null : <ErrorNotice error={error} what={`Row ${asked}`} retry={() => void refetch()} />
}
