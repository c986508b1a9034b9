/** Responsible for notifications: whether this browser is notified, what prevents it, and the list of notified devices. */
import type { Device } from '@modelreins/contract'
import { useCallback, useEffect, useState, type ReactNode } from 'react'
import { client } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { useMay, useMe } from '../../api/session.ts'
import { endHere, subscriptionHere, supportHere, turnOn, type Support } from '../../notifications/this-device.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Panel } from '../../parts/facts.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

const cannot: Readonly<Record<Exclude<Support, 'ready'>, readonly [title: string, words: string]>> = {
  insecure: ['Notifications need https or localhost', 'Open the dashboard under its https address, and come back here.'],
  'install-first': [
    'Add ModelReins to the home screen first',
    'On an iPhone or iPad only apps on the home screen are notified: tap Share, then "Add to Home Screen", open ModelReins from there, sign in, and come back to this page.',
  ],
  unsupported: [
    'This browser cannot be notified',
    'It has no Web Push, or it is a private window. Chrome, Edge, Firefox and Safari have it in their ordinary windows.',
  ],
}

/** The browser's permission for notifications, updated also when the person changes it in the browser's settings. */
function usePermission(): NotificationPermission {
  const now = (): NotificationPermission => ('Notification' in window ? Notification.permission : 'denied')
  const [permission, setPermission] = useState(now)
  useEffect(() => {
    let status: PermissionStatus | undefined
    const look = (): void => setPermission(now())
    void navigator.permissions
      ?.query({ name: 'notifications' })
      .then((found) => {
        status = found
        found.addEventListener('change', look)
      })
      // Some browsers cannot report changes; there the value is read again when the person returns to the page.
      .catch(() => undefined)
    addEventListener('focus', look)
    return () => {
      status?.removeEventListener('change', look)
      removeEventListener('focus', look)
    }
  }, [])
  return permission
}

/** Delays in milliseconds after which the result of a test message is read, until it is known. */
const looksMs = [700, 2_000, 5_000, 11_000]

async function sendTest(device: Device): Promise<void> {
  try {
    await client.call('devices.test', { device_id: device.device_id })
    say(`A test notification goes to ${device.name}. Below it says whether the push service took it.`)
    for (const wait of looksMs) setTimeout(() => void refresh('devices'), wait)
  } catch (error) {
    complain(error)
  }
}

function Blocked() {
  return (
    <Notice tone="warn" title="Notifications are blocked in this browser">
      <p>
        Open the settings of this site, by the icon to the left of the address, set Notifications to Allow, and come back: this page
        notices. On a phone, or where there is no such icon: in the browser’s settings, under Notifications, find this site. The system
        itself may also silence the browser.
      </p>
    </Notice>
  )
}

/** `readAt`: when the list was read; this browser's own state is checked again at the same time. */
function ThisDevice({ devices, readAt }: { readonly devices: readonly Device[]; readonly readAt: number }) {
  const me = useMe()
  const permission = usePermission()
  const [subscribed, setSubscribed] = useState<boolean | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  const support = supportHere()
  const look = useCallback(async () => {
    setSubscribed((await subscriptionHere().catch(() => undefined)) !== undefined)
  }, [])
  useEffect(() => {
    if (support === 'ready') void look()
  }, [support, look, readAt])
  if (support !== 'ready') return <Notice title={cannot[support][0]}>{cannot[support][1]}</Notice>
  if (permission === 'denied') return <Blocked />
  const here = subscribed === true && permission === 'granted' ? devices.find((one) => one.current) : undefined
  const act = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true)
    try {
      await work()
      await refresh('devices')
    } catch (error) {
      complain(error)
    } finally {
      await look()
      setBusy(false)
    }
  }
  const start = (): Promise<void> =>
    act(async () => {
      const device = await turnOn(me.id)
      if (device !== undefined) say('Notifications are on.')
    })
  const stop = (device: Device): Promise<void> =>
    act(async () => {
      await client.call('devices.remove', { device_id: device.device_id })
      await endHere()
      say('Nothing more is sent to this device.')
    })
  if (here === undefined)
    return (
      <>
        <p className="mb-3 text-soft">
          Be told on this phone or computer when a review waits for your decision, or a job is on offer to you. A notification says that
          something waits, never what; it leads here, and decides nothing.
        </p>
        <Button look="primary" className="min-h-11" busy={busy || subscribed === undefined} onClick={() => void start()}>
          Notify me on this device
        </Button>
        {permission === 'default' ? <p className="mt-2 text-sm text-soft">Your browser will ask you to allow it.</p> : null}
      </>
    )
  return (
    <div className="flex flex-wrap items-center gap-2">
      <p className="min-w-0 flex-1 basis-60">
        <Badge tone="good">on</Badge> <span className="foreign">You are notified on this device, {here.name}.</span>
      </p>
      <Button onClick={() => void sendTest(here)}>Send a test notification</Button>
      <Button busy={busy} onClick={() => void stop(here)}>
        Stop on this device
      </Button>
    </div>
  )
}

function lastMessage({ succeeded_at, failed_at, failure, next_at }: Device): ReactNode {
  const failed = failed_at !== null && (succeeded_at === null || failed_at > succeeded_at)
  if (failed)
    return (
      <span className="text-bad foreign">
        The last message was refused <Time at={failed_at} />: {failure}.{' '}
        {next_at === null ? 'If this goes on, turn notifications off and on again in that browser.' : 'It is tried again.'}
      </span>
    )
  if (succeeded_at === null) return 'Nothing was sent yet.'
  return (
    <>
      The last message was taken <Time at={succeeded_at} />.
    </>
  )
}

function Entry({ device }: { readonly device: Device }) {
  const [asking, setAsking] = useState(false)
  const remove = async (): Promise<void> => {
    try {
      await client.call('devices.remove', { device_id: device.device_id })
      if (device.current) await endHere()
      say(`Nothing more is sent to ${device.name}.`)
      await refresh('devices')
    } catch (error) {
      complain(error)
    }
  }
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2.5">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-center gap-x-2">
          <span className="font-medium foreign">{device.name}</span>
          {device.current ? <Badge tone="accent">this device</Badge> : null}
        </p>
        <p className="text-sm text-soft foreign">
          Added <Time at={device.created_at} />, reached through {device.push_service}
        </p>
        <p className="text-sm text-soft">{lastMessage(device)}</p>
      </div>
      <div className="flex gap-2">
        <Button className="min-h-8 text-sm" aria-label={`Test: ${device.name}`} onClick={() => void sendTest(device)}>
          Test
        </Button>
        <Button className="min-h-8 text-sm" aria-label={`Remove: ${device.name}`} onClick={() => setAsking(true)}>
          Remove...
        </Button>
      </div>
      {asking ? (
        <Modal title="Remove this device" onClose={() => setAsking(false)}>
          <p className="foreign">Nothing more is sent to {device.name}. In its own browser you can add it again.</p>
          <Choices leave="Keep it" onLeave={() => setAsking(false)}>
            <Button look="danger" onClick={() => void remove()}>
              Remove the device
            </Button>
          </Choices>
        </Modal>
      ) : null}
    </li>
  )
}

export function Notifications() {
  const mayBeAsked = [useMay('reviews.decide'), useMay('jobs.take')].includes(true)
  const { data, dataUpdatedAt, error, isPending, refetch } = useOperation('devices.list', {})
  const items = data?.items ?? []
  return (
    <>
      <Panel title="This device">
        {mayBeAsked ? (
          isPending ? (
            <Skeleton label="This device" rows={1} />
          ) : (
            <ThisDevice devices={items} readAt={dataUpdatedAt} />
          )
        ) : (
          <p className="text-soft">
            Nothing would be sent to you: viewers decide no reviews and take no jobs. An owner can add you with another role.
          </p>
        )}
      </Panel>
      <Panel title="Your devices">
        {isPending ? (
          <Skeleton label="Devices" rows={2} />
        ) : error !== null ? (
          <ErrorNotice error={error} what="Devices" retry={() => void refetch()} />
        ) : items.length === 0 ? (
          <p className="text-soft">None yet. Open this page in the browser of each phone or computer that is to be notified.</p>
        ) : null}
        <ul aria-label="Devices" className="divide-y divide-line">
          {items.map((device) => (
            <Entry key={device.device_id} device={device} />
          ))}
        </ul>
        {items.length === 0 ? null : (
          <p className="mt-2 text-sm text-soft">
            Signing out ends notifications on that device. Ending a session under Sign-in does the same from here.
          </p>
        )}
      </Panel>
    </>
  )
}
