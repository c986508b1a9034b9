/** Responsible for the frame around every screen, and for asking who is signed in before any screen is shown. */
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { useOperation } from '../api/queries.ts'
import { MeContext, useMe, useSession } from '../api/session.ts'
import { followEvents } from '../live/feed.ts'
import { Button } from '../parts/button.tsx'
import { ErrorNotice, Skeleton } from '../parts/notices.tsx'
import { oneLine } from '../parts/safe-text.ts'
import { Time } from '../parts/time.tsx'
import { Toasts } from '../parts/toasts.tsx'
import { useKeys } from './keys.ts'
import { useNewVersion } from './new-version.ts'
import { places } from './places.ts'
import { Rail } from './rail.tsx'
import { SignIn } from './sign-in.tsx'
import { TopBar } from './top-bar.tsx'

const Palette = lazy(() => import('./palette.tsx').then((module) => ({ default: module.Palette })))
const KeysSheet = lazy(() => import('./keys-sheet.tsx').then((module) => ({ default: module.KeysSheet })))

const levelWords = [
  '',
  'hold: nothing new is dispatched',
  'drain: running jobs end, no new ones start',
  'stop: jobs are aborted, workers paused',
  'halt: jobs are aborted, workers exit',
]

function KillBanner() {
  const { data } = useOperation('killswitch.get', {})
  if (data === undefined || data.level === 0) return null
  return (
    <div role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-bad/40 bg-bad-wash px-4 py-2">
      <strong className="text-bad">Killswitch {levelWords[data.level]}</strong>
      <span className="text-soft foreign">
        {data.reason === null ? 'no reason given' : oneLine(data.reason)}, by {data.raised_by ?? 'a member'} <Time at={data.raised_at} />
      </span>
      <Link to="/killswitch" className="ml-auto font-medium text-accent underline">
        Acknowledgements and how to clear it
      </Link>
    </div>
  )
}

function NewVersion() {
  if (!useNewVersion()) return null
  return (
    <div role="status" className="flex items-center gap-3 border-b border-line bg-accent-wash px-4 py-2">
      A new version of the dashboard is available.
      <Button onClick={() => location.reload()}>Reload</Button>
    </div>
  )
}

function SignedIn() {
  const navigate = useNavigate()
  const [sheet, setSheet] = useState<'palette' | 'keys' | undefined>(undefined)
  const close = (): void => setSheet(undefined)
  const { id } = useMe()
  useEffect(followEvents, [])
  useEffect(() => {
    // Without permission for notifications there is no subscription to keep.
    if ('Notification' in window && Notification.permission === 'granted')
      void import('../notifications/this-device.ts').then((device) => device.keepWithSession(id)).catch(() => undefined)
  }, [id])
  useKeys(
    [
      { keys: 'mod+k', what: 'Search or act', group: 'Everywhere', run: () => setSheet('palette') },
      { keys: '?', what: 'Show these keys', group: 'Everywhere', run: () => setSheet('keys') },
      { keys: 'n', what: 'Dispatch a job', group: 'Everywhere', run: () => void navigate({ to: '/chat' }) },
      ...places.map((place) => ({ keys: `g ${place.key}`, what: place.name, group: 'Go to', run: () => void navigate({ to: place.to }) })),
    ],
    [navigate],
  )
  return (
    <>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:left-3 focus:top-3 focus:z-50 focus:rounded-md focus:bg-card focus:px-3 focus:py-2"
      >
        Skip to the content
      </a>
      <TopBar onPalette={() => setSheet('palette')} onKeys={() => setSheet('keys')} />
      <div className="lg:grid lg:grid-cols-[13rem_minmax(0,1fr)]">
        <Rail />
        <div className="min-w-0 pb-20 lg:pb-0">
          <NewVersion />
          <KillBanner />
          <main id="main">
            <Suspense fallback={<Loading />}>
              <Outlet />
            </Suspense>
          </main>
        </div>
      </div>
      <Suspense>
        {sheet === 'palette' ? <Palette onClose={close} /> : null}
        {sheet === 'keys' ? <KeysSheet onClose={close} /> : null}
      </Suspense>
      <Toasts />
    </>
  )
}

export const Loading = () => (
  <div className="mx-auto max-w-6xl px-4 py-7 sm:px-6">
    <Skeleton label="The screen" rows={6} />
  </div>
)

export function Frame() {
  const session = useSession()
  if (session.isPending) return <Loading />
  if (session.data === null) return <SignIn />
  if (session.data === undefined) {
    return (
      <main className="mx-auto max-w-xl px-4 py-16">
        <h1 className="sr-only">ModelReins</h1>
        <ErrorNotice error={session.error} what="The dashboard" retry={() => void session.refetch()} />
      </main>
    )
  }
  return (
    <MeContext value={session.data}>
      <SignedIn key={session.data.id} />
    </MeContext>
  )
}
