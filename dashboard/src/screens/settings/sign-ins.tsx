/** Responsible for how this member signs in: passkeys, and the open sessions, each of which can be ended. */
import { useId, useState } from 'react'
import { client } from '../../api/client.ts'
import { addPasskey, isCancelled, passkeysWork } from '../../api/passkeys.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { CopyButton } from '../../parts/copy.tsx'
import { Panel } from '../../parts/facts.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

async function end(work: () => Promise<unknown>, words: string): Promise<void> {
  try {
    await work()
    say(words)
    await refresh('sessions', 'passkeys', 'bans')
  } catch (error) {
    complain(error)
  }
}

function Passkeys() {
  const id = useId()
  const { data, error, isPending, refetch } = useOperation('passkeys.list', {})
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const add = async (): Promise<void> => {
    setBusy(true)
    try {
      await addPasskey(name.trim() === '' ? 'Passkey' : name.trim())
      setName('')
      say('The passkey is kept. You can sign in with it from now on.')
      await refresh('passkeys')
    } catch (fault) {
      if (!isCancelled(fault)) complain(fault)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Panel title="Passkeys">
      {isPending ? (
        <Skeleton label="Passkeys" rows={1} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Passkeys" retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <p className="text-soft">
          None yet. With one you sign in by fingerprint, face or PIN, and type nothing; and you can sign decisions about reviews.
        </p>
      ) : null}
      <ul className="divide-y divide-line">
        {(data?.items ?? []).map((row) => (
          <li key={row.passkey_id} className="flex flex-wrap items-center gap-x-3 py-2">
            <span className="font-medium foreign">{row.name}</span>
            <span className="text-sm text-soft">
              added <Time at={row.created_at} />, last used <Time at={row.last_used_at} none="never" />
            </span>
            <span className="order-last flex w-full min-w-0 items-center gap-2 text-xs text-soft">
              <span className="shrink-0">Fingerprint</span>
              <code className="truncate font-mono">{row.fingerprint}</code>
              <CopyButton text={row.fingerprint} />
            </span>
            <Button
              className="ml-auto min-h-8 text-sm"
              onClick={() =>
                void end(
                  () => client.call('passkeys.remove', { passkey_id: row.passkey_id }),
                  'The passkey is removed, and its sessions are ended.',
                )
              }
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
      {passkeysWork() ? (
        <form
          className="mt-3 flex flex-wrap items-end gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            void add()
          }}
        >
          <div className="min-w-44 flex-1">
            <label htmlFor={id} className="mb-1 block font-medium">
              Name of the passkey
            </label>
            <input
              id={id}
              className="field"
              maxLength={60}
              placeholder="This laptop"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </div>
          <Button type="submit" look="primary" busy={busy}>
            Add a passkey
          </Button>
        </form>
      ) : (
        <Notice>Passkeys need https or localhost.</Notice>
      )}
    </Panel>
  )
}

function Sessions() {
  const { data, error, isPending, refetch } = useOperation('sessions.list', {})
  const items = data?.items ?? []
  const others = items.filter((row) => !row.current)
  return (
    <Panel
      title="Sessions"
      actions={
        others.length === 0 ? undefined : (
          <Button
            className="min-h-8 text-sm"
            onClick={() => void end(() => client.call('sessions.end_many', { others: true }), 'Every other session is ended.')}
          >
            End all others ({others.length})
          </Button>
        )
      }
    >
      {isPending ? (
        <Skeleton label="Sessions" rows={2} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Sessions" retry={() => void refetch()} />
      ) : null}
      <ul className="divide-y divide-line">
        {items.map((row) => (
          <li key={row.session_id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
            <span className="font-medium foreign">{row.device}</span>
            {row.current ? <Badge tone="good">this one</Badge> : null}
            <span className="text-sm text-soft foreign">
              {row.place ?? ''} by {row.method}
            </span>
            <span className="text-sm text-soft">
              last used <Time at={row.last_used_at} />, ends <Time at={row.expires_at} />
            </span>
            {row.current ? null : (
              <Button
                className="ml-auto min-h-8 text-sm"
                onClick={() => void end(() => client.call('sessions.end', { session_id: row.session_id }), 'The session is ended.')}
              >
                End it
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  )
}

/** For owners: addresses and members whose sign-ins by key are refused for a while. */
export function Bans() {
  const { data, error, isPending, refetch } = useOperation('bans.list', {})
  return (
    <Panel title="Bans">
      <p className="mb-2 text-soft">
        After repeated failures an address, or a member, waits before it may try another key. Sessions and passkeys go on working.
      </p>
      {isPending ? (
        <Skeleton label="Bans" rows={1} />
      ) : error !== null ? (
        <ErrorNotice error={error} what="Bans" retry={() => void refetch()} />
      ) : data.items.length === 0 ? (
        <p className="text-soft">Nobody is banned.</p>
      ) : null}
      <ul className="divide-y divide-line">
        {(data?.items ?? []).map((ban) => (
          <li key={ban.ban_id} className="flex flex-wrap items-center gap-x-3 py-2">
            <span className="font-medium foreign">{ban.subject}</span>
            <span className="text-sm text-soft">
              {ban.failures} failures, until <Time at={ban.until} />
            </span>
            <Button
              className="ml-auto min-h-8 text-sm"
              onClick={() => void end(() => client.call('bans.lift', { ban_id: ban.ban_id }), 'The ban is lifted.')}
            >
              Lift
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

export function SignIns() {
  return (
    <>
      <Passkeys />
      <Sessions />
    </>
  )
}
