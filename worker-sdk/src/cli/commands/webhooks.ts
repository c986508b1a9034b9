/**
 * Responsible for `webhooks`: list, create with the secret shown once, delete, the log of deliveries, and sending one again. It receives no webhooks.
 */
import { webhookDeliveryList, webhookDeliveryRef, webhookRequest, type Webhook, type WebhookDelivery } from '@modelreins/contract'
import { confirmed } from '../confirm.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import type { Column } from '../output/presenter.ts'
import { showAge } from '../output/time-words.ts'
import { UsageError } from '../arguments/usage-error.ts'

const columns = (now: number): readonly Column<Webhook>[] => [
  { title: 'ID', cell: (hook) => hook.webhook_id },
  {
    title: 'STATE',
    cell: (hook) => (hook.disabled_at === null ? 'active' : 'disabled'),
    paint: (hook, style) => (hook.disabled_at === null ? style.green : style.red),
  },
  { title: 'AGE', cell: (hook) => hook.created_at, human: (hook) => showAge(hook.created_at, now), right: true },
  { title: 'EVENTS', cell: (hook) => hook.events.join(',') },
  { title: 'URL', cell: (hook) => hook.url, wide: true },
]

export async function webhooks(context: CommandContext): Promise<number> {
  const { show } = context
  const { client } = await connect(context)
  const items: Webhook[] = []
  let cursor: string | undefined
  do {
    const page = await client.webhooks.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    items.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  if (show.json) show.value({ items })
  else if (items.length > 0) show.table(columns(context.now), items)
  else show.note('No webhooks')
  return 0
}

/** In a pipe the secret is printed next to the id. On a terminal there is an explanation too. */
export async function webhooksCreate(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const events = invocation.words('events')
  const request = checked(
    webhookRequest,
    { url: invocation.argument(0), events },
    { name: (path) => (path === 'url' ? 'URL' : `--${path}`), hint: 'an address such as https://bridge.example.com/modelreins' },
  )
  const { client } = await connect(context)
  const { secret, ...hook } = await client.webhooks.create(request)
  if (show.json) show.value({ ...hook, secret })
  else if (!show.human) show.line(`${hook.webhook_id}\t${secret}`)
  else {
    show.line(`${show.style.green(`Webhook ${hook.webhook_id} sends ${hook.events.join(', ')}`)}. Its secret is shown once, here:`)
    for (const line of ['', `  ${secret}`, '', 'The receiver checks signatures with it (Standard Webhooks).']) show.line(line)
  }
  return 0
}

export async function webhooksDelete(context: CommandContext): Promise<number> {
  const webhook_id = context.invocation.argument(0) ?? ''
  const { client } = await connect(context)
  if (!(await confirmed(context, `Delete webhook ${webhook_id} and its undelivered events?`))) {
    context.show.note('Cancelled: nothing was changed')
    return 1
  }
  const done = await client.webhooks.delete({ webhook_id })
  if (context.show.json) context.show.value(done)
  else context.show.note(`Webhook ${webhook_id} is deleted`)
  return 0
}

const answerOf = ({ attempts }: WebhookDelivery): string => {
  const last = attempts.at(-1)
  return last === undefined ? '' : last.status === null ? (last.error ?? 'no answer') : String(last.status)
}

const deliveryColumns = (now: number): readonly Column<WebhookDelivery>[] => [
  { title: 'ID', cell: (delivery) => String(delivery.delivery_id), right: true },
  { title: 'EVENT', cell: (delivery) => delivery.event },
  {
    title: 'STATE',
    cell: (delivery) => delivery.state,
    paint: ({ state }, style) => (state === 'delivered' ? style.green : state === 'failed' ? style.red : style.yellow),
  },
  { title: 'AGE', cell: (delivery) => delivery.created_at, human: (delivery) => showAge(delivery.created_at, now), right: true },
  { title: 'TRIES', cell: (delivery) => String(delivery.attempts.length), right: true },
  {
    title: 'NEXT',
    cell: (delivery) => delivery.next_attempt_at ?? '',
    human: ({ next_attempt_at }) => (next_attempt_at === null ? '-' : showAge(next_attempt_at, now)),
  },
  { title: 'ANSWER', cell: answerOf, wide: true },
]

export async function webhooksDeliveries(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const fields = { webhook_id: invocation.argument(0), limit: invocation.count('limit'), cursor: invocation.text('cursor') }
  const query = checked(webhookDeliveryList, fields, {
    name: (path) => (path === 'webhook_id' ? `"${fields.webhook_id ?? ''}"` : `--${path}`),
    hint: 'webhooks lists them',
  })
  const { client } = await connect(context)
  const page = await client.webhooks.deliveries(query)
  if (show.json) show.value(page)
  else if (page.items.length > 0) show.table(deliveryColumns(context.now), page.items)
  else show.note('No deliveries')
  if (page.next_cursor !== null) show.note(show.errorStyle.dim(`more: --cursor ${page.next_cursor}`))
  return 0
}

export async function webhooksResend(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const [webhook_id, number] = [invocation.argument(0), invocation.argument(1) ?? '']
  const input = webhookDeliveryRef.safeParse({ webhook_id, delivery_id: /^\d{1,15}$/.test(number) ? Number(number) : number })
  if (!input.success)
    throw new UsageError(`"${webhook_id ?? ''} ${number}" is not a delivery`, '`webhooks deliveries ID` lists them with their numbers')
  const { client } = await connect(context)
  const delivery = await client.webhooks.resend(input.data)
  if (show.json) show.value(delivery)
  else
    show.note(
      `Delivery ${delivery.delivery_id} (${delivery.event}) is sent again; \`webhooks deliveries ${input.data.webhook_id}\` shows what the receiver answers`,
    )
  return 0
}
