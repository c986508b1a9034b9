/** Responsible for the sign-in address when a member is already signed in: a link that they opened is used only after they have chosen to. */
import { Navigate, useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { sentence } from '../api/client.ts'
import { keyOf, signIn, useMe } from '../api/session.ts'
import { Button, LinkButton } from '../parts/button.tsx'
import { Notice } from '../parts/notices.tsx'
import { useLinkInAddress } from './link-in-address.ts'
import { Screen } from './screen.tsx'

export function SignedInHere() {
  const me = useMe()
  const navigate = useNavigate()
  const link = useLinkInAddress()
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  /** Keys by link: if the sign-in fails after the link was opened, the link is used up but its key is still valid. */
  const opened = useRef(new Map<string, string>())
  if (link === undefined) return <Navigate to="/" replace />
  const use = async (): Promise<void> => {
    setBusy(true)
    setFault('')
    try {
      const key = opened.current.get(link) ?? (await keyOf(link))
      opened.current.set(link, key)
      await signIn(key)
      await navigate({ to: '/', replace: true })
    } catch (error) {
      setFault(sentence(error))
      setBusy(false)
    }
  }
  return (
    <Screen title="You are signed in already" narrow>
      <section aria-label="Choose who signs in" className="card flex flex-col gap-4 p-5">
        <p className="foreign">
          This browser is signed in as <strong>{me.name}</strong>
          {me.role === null ? '' : `, ${me.role}`} of the tenant <strong>{me.tenant}</strong>. The one-time link that you opened has not
          been used up.
        </p>
        {fault === '' ? null : (
          <Notice tone="bad" title={`You are still signed in as ${me.name}`} live>
            {fault}
          </Notice>
        )}
        <div className="flex flex-wrap gap-2">
          <LinkButton look="primary" className="min-h-11" to="/" replace>
            Go on as {me.name}
          </LinkButton>
          <Button className="min-h-11" busy={busy} onClick={() => void use()}>
            Sign in with the link instead
          </Button>
        </div>
        <p className="text-sm text-soft">The link works once and signs in the member it was made for.</p>
      </section>
    </Screen>
  )
}
