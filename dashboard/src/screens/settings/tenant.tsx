/**
 * Responsible for the settings of the tenant: every row of the contract's table with its value, meaning, default and reason; an owner can change
 * them.
 */
import { settingRows, type SettingRow } from 'virtual:tenant-settings'
import { Link } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import type { Input, TenantSettings } from '@modelreins/contract'
import { client, sentence } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Skeleton } from '../../parts/notices.tsx'
import { say } from '../../parts/toasts.tsx'
import { Changeable } from './changeable.tsx'
import { draftOf, readDraft, SettingInput, valueWords } from './setting-field.tsx'

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

function Edit(props: {
  readonly row: SettingRow
  readonly value: unknown
  readonly onDone: (reviewId: number | undefined) => void
  readonly onLeave: () => void
}) {
  const { row, value, onDone, onLeave } = props
  const [draft, setDraft] = useState(() => draftOf(value, row.field))
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const send = async (next: unknown): Promise<void> => {
    setBusy(true)
    setFault('')
    try {
      // One setting at a time; the server validates the value with the same table.
      const changed = await client.call('settings.update', { [row.name]: next } as Input<'settings.update'>)
      if (changed.review_id === undefined) say(`${row.name} is changed.`)
      await refresh('settings', 'reviews')
      onDone(changed.review_id)
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const read = readDraft(draft, row.field)
    if ('fault' in read) setFault(read.fault)
    else void send(read.value)
  }
  return (
    <form
      className="mt-2 flex flex-col gap-3 rounded-md border border-line p-3"
      onSubmit={submit}
      noValidate
      aria-label={`Change ${row.name}`}
    >
      <SettingInput row={row} draft={draft} onChange={setDraft} fault={fault} />
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" busy={busy}>
          Save
        </Button>
        {same(value, row.otherwise) ? null : (
          <Button busy={busy} onClick={() => void send(null)}>
            Back to the default
          </Button>
        )}
        <Button onClick={onLeave}>Leave it</Button>
      </div>
    </form>
  )
}

function Row({ row, settings }: { readonly row: SettingRow; readonly settings: TenantSettings }) {
  const value = settings[row.name]
  const chosen = !same(value, row.otherwise)
  return (
    <Changeable
      what="the setting"
      change={`Change ${row.name}`}
      form={(onLeave, onDone) => <Edit row={row} value={value} onLeave={onLeave} onDone={onDone} />}
    >
      <h3 className="flex flex-wrap items-center gap-2">
        <code className="font-mono font-semibold">{row.name}</code>
        {chosen ? <Badge tone="accent">changed</Badge> : null}
      </h3>
      <p>{row.about}</p>
      <p className="mt-1">
        <span className="text-soft">Now</span> <strong className="foreign">{valueWords(value)}</strong>
        {chosen ? (
          <span className="text-soft foreign">, by default {valueWords(row.otherwise)}</span>
        ) : (
          <span className="text-soft">, the default</span>
        )}
      </p>
      <p className="text-sm text-soft">{row.reason}</p>
    </Changeable>
  )
}

export function Tenant() {
  const mayChange = useMay('members.manage')
  const mayAudit = useMay('audit.read')
  const { data, error, isPending, refetch } = useOperation('settings.get', {})
  return (
    <Panel
      title="Settings of the tenant"
      actions={
        mayAudit ? (
          <Link to="/audit" search={{ action: 'settings.update' }} className="text-accent underline">
            Changes in the audit trail
          </Link>
        ) : undefined
      }
    >
      <p className="text-soft">
        These values apply where neither the job nor the defaults of its thread say otherwise.
        {mayChange ? '' : ' An owner may change them.'}
      </p>
      {isPending ? (
        <Skeleton label="Settings" rows={6} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Settings" retry={() => void refetch()} />
      ) : (
        <ul aria-label="Settings of the tenant" className="mt-1 divide-y divide-line">
          {settingRows.map((row) => (
            <Row key={row.name} row={row} settings={data} />
          ))}
        </ul>
      )}
    </Panel>
  )
}
