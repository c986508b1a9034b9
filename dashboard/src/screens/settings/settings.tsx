/** Responsible for Settings: one tab per subject; a role sees only the tabs that it may use. */
import { Link, useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useMay } from '../../api/session.ts'
import { Screen } from '../../frame/screen.tsx'
import { Capabilities } from './capabilities.tsx'
import { Diagnostics } from './diagnostics.tsx'
import { Grants } from './grants.tsx'
import { Members } from './members.tsx'
import { Setup } from './setup.tsx'
import { Notifications } from './notifications.tsx'
import { Bans, SignIns } from './sign-ins.tsx'
import { Tenant } from './tenant.tsx'
import { Webhooks } from './webhooks.tsx'

export function Settings() {
  const { tab } = useSearch({ from: '/settings' })
  const mayMembers = useMay('members.manage')
  const mayWebhooks = useMay('webhooks.manage')
  const mayAudit = useMay('audit.read')
  const tabs: readonly { readonly id: string; readonly name: string; readonly show: boolean; readonly content: ReactNode }[] = [
    { id: 'members', name: 'Members', show: mayMembers, content: <Members /> },
    { id: 'sign-in', name: 'Sign-in', show: true, content: <SignIns /> },
    { id: 'notifications', name: 'Notifications', show: true, content: <Notifications /> },
    { id: 'grants', name: 'Grants', show: true, content: <Grants /> },
    { id: 'tenant', name: 'Tenant', show: true, content: <Tenant /> },
    { id: 'policies', name: 'Policies', show: true, content: <Capabilities /> },
    { id: 'bans', name: 'Bans', show: mayMembers, content: <Bans /> },
    { id: 'webhooks', name: 'Webhooks', show: mayWebhooks, content: <Webhooks /> },
    { id: 'setup', name: 'Set-up', show: true, content: <Setup /> },
    { id: 'diagnostics', name: 'Diagnostics', show: mayAudit, content: <Diagnostics /> },
  ]
  const shown = tabs.filter((one) => one.show)
  const current = shown.find((one) => one.id === tab) ?? shown[0]
  return (
    <Screen title="Settings" narrow>
      <nav aria-label="Settings" className="flex flex-wrap gap-1">
        {shown.map((one) => (
          <Link
            key={one.id}
            to="/settings"
            search={{ tab: one.id }}
            aria-current={one === current ? 'page' : undefined}
            className="rounded-md px-3 py-1.5 text-soft hover:bg-sunken aria-[current=page]:bg-accent-wash aria-[current=page]:font-medium aria-[current=page]:text-accent"
          >
            {one.name}
          </Link>
        ))}
      </nav>
      {current?.content}
    </Screen>
  )
}
