/** Responsible for signing in with a key, a one-time link or a passkey. It is shown at the requested address, whose screen follows afterwards. */
import { useEffect, useId, useState, type FormEvent } from 'react'
import { sentence } from '../api/client.ts'
import { isCancelled, passkeysWork, signInWithPasskey } from '../api/passkeys.ts'
import { keyOf, signedIn, signIn } from '../api/session.ts'
import iconUrl from '../icon.svg'
import { Button } from '../parts/button.tsx'
import { useLinkInAddress } from './link-in-address.ts'
import { markIcon } from './tab-icon.ts'

export function SignIn() {
  const id = useId()
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState<'key' | 'passkey' | undefined>(undefined)
  const [text, setText] = useState('')
  const link = useLinkInAddress()
  useEffect(() => {
    document.title = 'Sign in - ModelReins'
    markIcon(0)
  }, [])
  useEffect(() => {
    if (link !== undefined) setText(link)
  }, [link])

  const attempt = async (how: 'key' | 'passkey', act: () => Promise<void>): Promise<void> => {
    setBusy(how)
    setFault('')
    try {
      await act()
    } catch (error) {
      if (isCancelled(error)) setFault('No passkey was used. Try again, or sign in with a key.')
      else setFault(failure(how, error))
    } finally {
      setBusy(undefined)
    }
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const typed = text
    if (typed.trim() === '') {
      setFault('Enter your key (it begins with mrk_) or the one-time link that you were sent.')
      return
    }
    void attempt('key', async () => {
      const key = await keyOf(typed)
      // The link is used up now: its key stays in the field until the server has accepted it.
      setText(key)
      await signIn(key)
    })
  }
  const withPasskey = (): void =>
    void attempt('passkey', async () => {
      await signInWithPasskey()
      await signedIn()
    })

  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <div className="mb-5 flex items-center gap-3">
          <img src={iconUrl} alt="" className="size-10" />
          <div>
            <h1 className="text-xl font-semibold tracking-tight">Sign in to ModelReins</h1>
            <p className="text-sm text-soft">{location.host}</p>
          </div>
        </div>
        <div className="card p-5">
          {passkeysWork() ? (
            <>
              <Button className="w-full min-h-11" busy={busy === 'passkey'} onClick={withPasskey}>
                Use a passkey
              </Button>
              <div className="my-4 flex items-center gap-3 text-sm text-soft" aria-hidden="true">
                <span className="h-px flex-1 bg-line" />
                or
                <span className="h-px flex-1 bg-line" />
              </div>
            </>
          ) : null}
          <form onSubmit={submit} noValidate className="flex flex-col gap-3">
            <div>
              <label htmlFor={id} className="mb-1 block font-medium">
                Key or one-time link
              </label>
              <input
                id={id}
                className="field min-h-11 font-mono"
                type="password"
                autoComplete="current-password"
                autoCapitalize="none"
                spellCheck={false}
                value={text}
                onChange={(event) => setText(event.target.value)}
                aria-invalid={fault !== ''}
                aria-describedby={`${id}-help ${id}-fault`}
              />
              <p id={`${id}-help`} className="mt-1 text-sm text-soft">
                An owner of your tenant gives you one under Settings, Members.
              </p>
            </div>
            <p id={`${id}-fault`} role="alert" className="text-bad empty:hidden foreign">
              {fault}
            </p>
            <Button type="submit" look="primary" className="min-h-11" busy={busy === 'key'}>
              Sign in
            </Button>
          </form>
        </div>
        <p className="mt-4 text-sm text-soft">
          Programs use the key itself: see the{' '}
          <a className="text-accent underline" href="/docs">
            API documentation
          </a>
          .
        </p>
      </div>
    </main>
  )
}

function failure(how: 'key' | 'passkey', error: unknown): string {
  const words = sentence(error)
  if (how === 'passkey') return `The passkey was not accepted: ${words}`
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  return code === 'unauthorized' ? 'This key is not valid. Check that it is complete; if it was revoked, an owner can rotate it.' : words
}
