/** Responsible for webhooks: the addresses that are told of decisions and the killswitch, and the answers of the receivers. */
import type { Webhook, WebhookDelivery, WebhookEvent } from '@modelreins/contract'
import { useId, useState, type FormEvent } from 'react'
import { client, sentence } from '../../api/client.ts'
import { refresh, useOperation } from '../../api/queries.ts'
import { Badge } from '../../parts/badge.tsx'
import { Button } from '../../parts/button.tsx'
import { Command } from '../../parts/copy.tsx'
import { Panel } from '../../parts/facts.tsx'
import { Choices, Modal } from '../../parts/modal.tsx'
import { ErrorNotice, Notice, Skeleton } from '../../parts/notices.tsx'
import { oneLine } from '../../parts/safe-text.ts'
import { plural, Time } from '../../parts/time.tsx'
import { complain, say } from '../../parts/toasts.tsx'

const events: readonly WebhookEvent[] = [
  'review.created',
  'review.settled',
  'review.reminded',
  'review.escalated',
  'killswitch.raised',
  'work.reminded',
]

function Add({ onSecret }: { readonly onSecret: (secret: string) => void }) {
  const id = useId()
  const [url, setUrl] = useState('')
  const [chosen, setChosen] = useState<readonly WebhookEvent[]>(events)
  const [fault, setFault] = useState('')
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    setFault('')
    try {
      const made = await client.call('webhooks.create', { url: url.trim(), events: [...chosen] })
      onSecret(made.secret)
      setUrl('')
      await refresh('webhooks')
    } catch (error) {
      setFault(sentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="flex flex-col gap-3" onSubmit={(event) => void submit(event)} noValidate>
      <div>
        <label htmlFor={id} className="mb-1 block font-medium">
          Address
        </label>
        <input
          id={id}
          type="url"
          className="field"
          placeholder="https://example.com/hooks/reins"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          aria-describedby={`${id}-fault`}
        />
      </div>
      <fieldset>
        <legend className="mb-1 font-medium">Events</legend>
        <div className="flex flex-wrap gap-x-4 gap-y-1">
          {events.map((one) => (
            <label key={one} className="inline-flex min-h-7 items-center gap-2">
              <input
                type="checkbox"
                className="size-4 accent-accent"
                checked={chosen.includes(one)}
                onChange={(event) => setChosen(event.target.checked ? [...chosen, one] : chosen.filter((other) => other !== one))}
              />
              {one}
            </label>
          ))}
        </div>
      </fieldset>
      <p id={`${id}-fault`} role="alert" className="text-bad empty:hidden foreign">
        {fault}
      </p>
      <div>
        <Button type="submit" look="primary" busy={busy} disabled={url.trim() === '' || chosen.length === 0}>
          Add webhook
        </Button>
      </div>
    </form>
  )
}

const tones = { pending: 'warn', delivered: 'good', failed: 'bad' } as const

function SendAgain({ webhook, delivery }: { readonly webhook: Webhook; readonly delivery: WebhookDelivery }) {
  const [busy, setBusy] = useState(false)
  const send = async (): Promise<void> => {
    setBusy(true)
    try {
      await client.call('webhooks.resend', { webhook_id: webhook.webhook_id, delivery_id: delivery.delivery_id })
      say('It is sent again, under the same id. What the receiver answers is shown here.')
      await refresh('webhooks')
    } catch (error) {
      complain(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Button className="min-h-8 text-sm" busy={busy} aria-label={`Send again: delivery ${delivery.delivery_id}`} onClick={() => void send()}>
      Send again
    </Button>
  )
}

function Deliveries({ webhook }: { readonly webhook: Webhook }) {
  const { data, error, isPending } = useOperation('webhooks.deliveries', { webhook_id: webhook.webhook_id, limit: 50 })
  if (isPending) return <Skeleton label="Deliveries" rows={2} />
  if (error !== null) return <ErrorNotice error={error} what="Deliveries" />
  if (data.items.length === 0)
    return <p className="text-soft">Nothing was sent yet. The next {webhook.events[0] ?? 'event'} is the first.</p>
  return (
    <ul className="divide-y divide-line">
      {data.items.map((delivery) => {
        const last = delivery.attempts.at(-1)
        return (
          <li key={delivery.delivery_id} className="flex flex-wrap items-center gap-x-3 py-1.5">
            <Badge tone={tones[delivery.state]}>{delivery.state}</Badge>
            <span className="font-medium">{delivery.event}</span>
            <span className="min-w-0 flex-1 truncate text-soft foreign">
              {plural(delivery.attempts.length, 'try', 'tries')}
              {last === undefined ? '' : `, last: ${last.status ?? oneLine(last.error ?? 'no answer', 80)}`}
            </span>
            <span className="text-sm text-soft">
              <Time at={delivery.created_at} />
            </span>
            {webhook.disabled_at === null ? <SendAgain webhook={webhook} delivery={delivery} /> : null}
          </li>
        )
      })}
    </ul>
  )
}

function Entry({ webhook }: { readonly webhook: Webhook }) {
  const [open, setOpen] = useState(false)
  const [asking, setAsking] = useState(false)
  const remove = async (): Promise<void> => {
    try {
      await client.call('webhooks.delete', { webhook_id: webhook.webhook_id })
      say('The webhook is deleted.')
      await refresh('webhooks')
    } catch (error) {
      complain(error)
    }
  }
  return (
    <li className="py-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-0 flex-1 basis-60 font-medium foreign">{webhook.url}</span>
        {webhook.disabled_at === null ? null : <Badge tone="bad">Off: the receiver answered 410</Badge>}
        <Button className="min-h-8 text-sm" aria-expanded={open} onClick={() => setOpen(!open)}>
          Deliveries
        </Button>
        <Button className="min-h-8 text-sm" onClick={() => setAsking(true)}>
          Delete...
        </Button>
      </div>
      <p className="text-sm text-soft">{webhook.events.join(', ')}</p>
      {open ? (
        <div className="mt-2">
          <Deliveries webhook={webhook} />
        </div>
      ) : null}
      {asking ? (
        <Modal title="Delete this webhook" onClose={() => setAsking(false)}>
          <p className="foreign">{webhook.url} is told nothing more, and what was still to be sent is dropped.</p>
          <Choices leave="Keep it" onLeave={() => setAsking(false)}>
            <Button look="danger" onClick={() => void remove()}>
              Delete the webhook
            </Button>
          </Choices>
        </Modal>
      ) : null}
    </li>
  )
}

export function Webhooks() {
  const { data, error, isPending, refetch } = useOperation('webhooks.list', { limit: 50 })
  const [secret, setSecret] = useState('')
  return (
    <>
      <Panel title="Add a webhook">
        <Add onSecret={setSecret} />
      </Panel>
      {secret === '' ? null : (
        <Notice tone="good" title="The signing secret, shown this once" live>
          <Command text={secret} />
        </Notice>
      )}
      <Panel title="Webhooks">
        {isPending ? (
          <Skeleton label="Webhooks" rows={2} />
        ) : error !== null ? (
          <ErrorNotice error={error} what="Webhooks" retry={() => void refetch()} />
        ) : data.items.length === 0 ? (
          <p className="text-soft">None yet. Reviews and the killswitch can be told to a chat or a pager.</p>
        ) : null}
        <ul className="divide-y divide-line">
          {(data?.items ?? []).map((webhook) => (
            <Entry key={webhook.webhook_id} webhook={webhook} />
          ))}
        </ul>
      </Panel>
    </>
  )
}
