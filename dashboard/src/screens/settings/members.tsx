/** Responsible for members: their names and roles, inviting one by a link, rotating and revoking keys. */
import type { Member, Output, Role } from '@modelreins/contract'
import { useId, useState, type FormEvent } from 'react'
import { client, sentence } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMe } from '../../api/session.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'
import { OneTimeLink } from '../workers/one-time-link.tsx'

const roleWords: Readonly<Record<Role, string>> = {
  owner: 'everything, members and webhooks included',
  operator: 'dispatch, abort, kill, workers; decides nothing',
  reviewer: 'reads, and decides reviews',
  viewer: 'reads',
}
const roles: readonly Role[] = ['owner', 'operator', 'reviewer', 'viewer']

type Link = Pick<Output<'members.create'>, 'view_url' | 'expires_at'> & { readonly name: string }

function Invite({ onLink }: { readonly onLink: (link: Link) => void }) {
  const id = useId()
  const [name, setName] = useState('')
  const [role, setRole] = useState<Role>('reviewer')
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFault('')
    try {
      const made = await client.call('members.create', { name: name.trim(), role })
      onLink({ view_url: made.view_url, expires_at: made.expires_at, name: made.name })
      setName('')
      await refresh('members')
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="flex flex-wrap items-end gap-3" onSubmit={(event) => void submit(event)} noValidate>
      <div className="min-w-40 flex-1">
        <label htmlFor={`${id}-name`} className="mb-1 block font-medium">
          Name
        </label>
        <input
          id={`${id}-name`}
          className="field"
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.target.value)}
          aria-describedby={`${id}-fault`}
        />
      </div>
      <div className="min-w-52 flex-1">
        <label htmlFor={`${id}-role`} className="mb-1 block font-medium">
          Role
        </label>
        <select
          id={`${id}-role`}
          className="field"
          value={role}
          onChange={(event) => setRole(roles.find((one) => one === event.target.value) ?? 'viewer')}
        >
          {roles.map((one) => (
            <option key={one} value={one}>
              {one}: {roleWords[one]}
            </option>
          ))}
        </select>
      </div>
      <Button type="submit" look="primary" busy={busy} disabled={name.trim() === ''}>
        Invite member
      </Button>
      <p id={`${id}-fault`} role="alert" className="w-full text-bad empty:hidden foreign">
        {fault}
      </p>
    </form>
  )
}

function Entry({ member, onLink }: { readonly member: Member; readonly onLink: (link: Link) => void }) {
  const me = useMe()
  const [asking, setAsking] = useState<'revoke' | 'rotate' | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  const act = async (): Promise<void> => {
    setBusy(true)
    try {
      if (asking === 'revoke') {
        await client.call('members.revoke', { member_id: member.member_id })
        say(`${member.name} is revoked.`)
      } else {
        const made = await client.call('members.rotate', { member_id: member.member_id })
        onLink({ ...made, name: member.name })
      }
      setAsking(undefined)
      await refresh('members')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  const self = member.member_id === me.id
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2.5">
      <span className="min-w-32 font-medium foreign">
        {member.name}
        {self ? <span className="ml-1 font-normal text-soft">(you)</span> : null}
      </span>
      <Badge tone={member.role === 'owner' ? 'accent' : 'plain'}>{member.role}</Badge>
      {member.revoked_at === null ? null : <Badge tone="bad">Revoked</Badge>}
      <span className="text-sm text-soft">
        since <Time at={member.created_at} />
      </span>
      {member.revoked_at !== null || member.key === undefined ? null : member.key === null ? (
        <span className="text-sm text-soft">no key</span>
      ) : (
        <span className="text-sm text-soft">
          key <code className="font-mono">{member.key.begins}…</code>, given out <Time at={member.key.created_at} />
        </span>
      )}
      {member.revoked_at === null ? (
        <span className="ml-auto flex gap-2">
          <Button className="min-h-8 text-sm" onClick={() => setAsking('rotate')}>
            Rotate key...
          </Button>
          {self ? null : (
            <Button className="min-h-8 text-sm" onClick={() => setAsking('revoke')}>
              Revoke...
            </Button>
          )}
        </span>
      ) : null}
      {asking === undefined ? null : (
        <Modal
          title={asking === 'revoke' ? `Revoke ${member.name}` : `Rotate the key of ${member.name}`}
          onClose={() => setAsking(undefined)}
        >
          <p>
            {asking === 'revoke'
              ? 'The key and every session of this member stop at once. What they did stays in the audit trail.'
              : `The key stops at once, and you get a link with a new one to hand over.${self ? ' It is your own: you need the new one to sign in again.' : ''}`}
          </p>
          <Choices leave="Leave it" onLeave={() => setAsking(undefined)}>
            <Button look="danger" busy={busy} onClick={() => void act()}>
              {asking === 'revoke' ? `Revoke ${member.name}` : 'Rotate the key'}
            </Button>
          </Choices>
        </Modal>
      )}
    </li>
  )
}

export function Members() {
  const { data, error, isPending, refetch } = useOperation('members.list', { limit: 200 })
  const [link, setLink] = useState<Link | undefined>(undefined)
  return (
    <>
      <Panel title="Invite a member">
        <Invite onLink={setLink} />
      </Panel>
      {link === undefined ? null : (
        <Panel title={`A link for ${link.name}`}>
          <OneTimeLink url={link.view_url} expiresAt={link.expires_at} />
        </Panel>
      )}
      <Panel title="Members">
        {isPending ? (
          <Skeleton label="Members" rows={3} />
        ) : error !== null ? (
          <ErrorNotice error={error} what="Members" retry={() => void refetch()} />
        ) : null}
        <ul className="divide-y divide-line">
          {(data?.items ?? []).map((member) => (
            <Entry key={member.member_id} member={member} onLink={setLink} />
          ))}
        </ul>
        {data?.next_cursor == null ? null : <Notice>Only the first 200 are shown.</Notice>}
      </Panel>
    </>
  )
}
