/** Responsible for registering a worker: name, description, capabilities; then its link, the command that runs it, and its first contact. */
import type { Output } from '@modelreins/contract'
import { Link } from '@tanstack/react-router'
import { useId, useState, type FormEvent } from 'react'
import { client, ModelReinsError, sentence } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { PresenceBadge } from '../../parts/badge.tsx'
import { Button, buttonClass, LinkButton } from '../../parts/button.tsx'
import { Command } from '../../parts/copy.tsx'
import { Panel } from '../../parts/facts.tsx'
import { Notice } from '../../parts/notices.tsx'
import { draftKey } from '../chat/draft.ts'
import { changeDraft } from '../chat/use-draft.ts'
import { CapabilityEditor, capabilityRow } from './capability-editor.tsx'
import { OneTimeLink } from './one-time-link.tsx'
import { commandFor, providerHints } from './provider-command.ts'

type Registered = Output<'workers.register'>

export function RunCommand({ name }: { readonly name: string }) {
  const id = useId()
  const [at, setAt] = useState(0)
  const hint = providerHints[at]
  if (hint === undefined) return null
  return (
    <>
      <label htmlFor={id} className="mb-1 block font-medium">
        What it runs
      </label>
      <select id={id} className="field mb-3 max-w-sm" value={at} onChange={(event) => setAt(Number(event.target.value))}>
        {providerHints.map((one, index) => (
          <option key={one.name} value={index}>
            {one.runs} ({one.name})
          </option>
        ))}
      </select>
      <Command text={commandFor(location.origin, name, hint)} />
    </>
  )
}

function Arrival({ registered }: { readonly registered: Registered }) {
  const { data } = useOperation('workers.get', { worker_id: registered.worker_id })
  const me = useMe()
  const there = data !== undefined && data.state !== 'offline'
  return (
    <p role="status" className="flex flex-wrap items-center gap-2">
      {data === undefined ? null : <PresenceBadge state={data.state} paused={data.paused} revoked={data.revoked_at !== null} />}
      <span className={there ? 'font-medium' : 'text-soft'}>
        {there ? `${registered.name} is connected.` : `Waits for ${registered.name} to connect; this changes by itself.`}
      </span>
      {there ? (
        <Link to="/chat" className={buttonClass('primary')} onClick={() => changeDraft(draftKey(me, ''), { targets: [registered.name] })}>
          Give it a job
        </Link>
      ) : null}
    </p>
  )
}

function Done({ registered, onAnother }: { readonly registered: Registered; readonly onAnother: () => void }) {
  return (
    <>
      <Panel title={`${registered.name} is registered`}>
        <OneTimeLink url={registered.view_url} expiresAt={registered.expires_at} />
      </Panel>
      <Panel title="Run it on its machine">
        <RunCommand name={registered.name} />
        <div className="mt-3">
          <Arrival registered={registered} />
        </div>
      </Panel>
      <div className="flex gap-2">
        <LinkButton to="/workers/$workerId" params={{ workerId: registered.worker_id }}>
          Open {registered.name}
        </LinkButton>
        <Button onClick={onAnother}>Register another</Button>
      </div>
    </>
  )
}

export function Register() {
  const id = useId()
  const mayManage = useMay('workers.manage')
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const [kind, setKind] = useState<'silicon' | 'xenon'>('silicon')
  const [rows, setRows] = useState(() => [capabilityRow()] as readonly ReturnType<typeof capabilityRow>[])
  const [fault, setFault] = useState<{ readonly field: string; readonly text: string } | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  const [registered, setRegistered] = useState<Registered | undefined>(undefined)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (name.trim() === '') {
      setFault({ field: 'name', text: 'Give the worker a name: it is what jobs are sent to.' })
      document.getElementById(`${id}-name`)?.focus()
      return
    }
    setBusy(true)
    setFault(undefined)
    try {
      const capabilities = rows.map((row) => ({ ...row.capability, name: row.capability.name.trim() })).filter((one) => one.name !== '')
      const input = {
        name: name.trim(),
        kind,
        ...(description.trim() === '' ? {} : { description: description.trim() }),
        ...(capabilities.length === 0 ? {} : { capabilities }),
      }
      setRegistered(await client.call('workers.register', input))
      await refresh('workers', 'presence')
    } catch (error) {
      const field =
        error instanceof ModelReinsError && (error.code === 'name-taken' || error.issues.some((issue) => issue.path === 'name'))
          ? 'name'
          : ''
      setFault({ field, text: sentence(error) })
    } finally {
      setBusy(false)
    }
  }
  const back = (
    <Link to="/workers" className="text-accent underline">
      All workers
    </Link>
  )
  if (registered !== undefined) {
    return (
      <Screen title="Register worker" narrow lead={back}>
        <Done
          registered={registered}
          onAnother={() => {
            setRegistered(undefined)
            setName('')
            setDescription('')
            setRows([capabilityRow()])
          }}
        />
      </Screen>
    )
  }
  return (
    <Screen title="Register worker" narrow lead={back}>
      {mayManage ? (
        <form className="card flex flex-col gap-4 p-5" onSubmit={(event) => void submit(event)} noValidate>
          <div>
            <label htmlFor={`${id}-name`} className="mb-1 block font-medium">
              Name
            </label>
            <input
              id={`${id}-name`}
              className="field"
              maxLength={120}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              placeholder="email-triage"
              value={name}
              aria-invalid={fault?.field === 'name'}
              aria-describedby={`${id}-fault`}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
          <div>
            <label htmlFor={`${id}-description`} className="mb-1 block font-medium">
              Description
            </label>
            <textarea
              id={`${id}-description`}
              className="field h-20"
              maxLength={2_000}
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          </div>
          <div>
            <label htmlFor={`${id}-kind`} className="mb-1 block font-medium">
              Kind
            </label>
            <select
              id={`${id}-kind`}
              className="field"
              value={kind}
              onChange={(event) => setKind(event.target.value === 'xenon' ? 'xenon' : 'silicon')}
            >
              <option value="silicon">silicon: a program that runs a model or a command</option>
              <option value="xenon">xenon: anything else that speaks the protocol</option>
            </select>
          </div>
          <CapabilityEditor rows={rows} onChange={setRows} />
          <div id={`${id}-fault`}>
            {fault === undefined ? null : (
              <Notice tone="bad" live>
                {fault.text}
              </Notice>
            )}
          </div>
          <div className="flex justify-end">
            <Button type="submit" look="primary" busy={busy}>
              Register worker
            </Button>
          </div>
        </form>
      ) : (
        <Notice>Your role may look at workers, not register them. An operator or owner may.</Notice>
      )}
    </Screen>
  )
}
