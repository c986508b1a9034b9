/** Responsible for the commands about webhooks: create (which shows the secret once), list, delete, the log of deliveries, resend. */
import { limits, webhookEvents } from '@modelreins/contract'
import type { Parsed, Webhook, WebhookDelivery } from '@modelreins/contract'
import { countingCursor } from '../../../src/domain/cursor.ts'
import { refusalSentence } from '../../../src/domain/outbound.ts'
import { fail, ok } from '../../../src/domain/result.ts'
import type { Result } from '../../../src/domain/result.ts'
import { isoTime, isoTimeOrNull, systemActor } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { DeliveryRecord, WebhookRecord } from './webhook-store.ts'
import { webhookSecret } from './webhook-secret.ts'

const show = ({ kid: _, ...hook }: WebhookRecord): Webhook => ({
  ...hook,
  events: [...hook.events],
  created_at: isoTime(hook.created_at),
  disabled_at: isoTimeOrNull(hook.disabled_at),
})

const showDelivery = (delivery: DeliveryRecord): WebhookDelivery => ({
  delivery_id: delivery.id,
  message_id: delivery.message_id,
  event: delivery.event,
  state: delivery.state,
  created_at: isoTime(delivery.created_at),
  next_attempt_at: isoTimeOrNull(delivery.next_at),
  attempts: delivery.attempts.map((one) => ({ ...one, at: isoTime(one.at) })),
})

const invalid = (path: string, detail: string): Result<never> => fail('invalid-request', detail, { issues: [{ path, message: detail }] })

function create(ctx: CommandContext, input: Parsed<'webhooks.create'>): Result<Webhook & { secret: string }> {
  const url = new URL(input.url)
  const refusal = refusalSentence('Webhooks', url, ctx.allowedHosts)
  if (refusal !== undefined) return invalid('url', refusal)
  if (ctx.store.webhooks.all().length >= limits.webhooks) return fail('conflict', `A tenant has at most ${limits.webhooks} webhooks.`)
  // Remove the fragment, which is never sent, so that the stored address is the called one.
  url.hash = ''
  const hook: WebhookRecord = {
    webhook_id: `wh${ctx.at.toString(36)}${ctx.randomText(10)}`,
    url: url.href,
    events: input.events === undefined ? webhookEvents : [...new Set(input.events)],
    kid: ctx.key.id,
    created_by: ctx.caller.actor.name,
    created_at: ctx.at,
    disabled_at: null,
  }
  ctx.store.webhooks.save(hook)
  // Record only the host: the path may be a secret of the receiver (as with incoming webhooks of chat tools).
  ctx.record({ action: 'webhook.create', subject: `webhook:${hook.webhook_id}`, summary: `${url.host}: ${hook.events.join(', ')}` })
  return ok({ ...show(hook), secret: webhookSecret(ctx.key, ctx.tenant, hook.webhook_id) })
}

/** Disables a webhook whose receiver answered 410 Gone. */
export function disableWebhook(ctx: CommandContext, hook: WebhookRecord): void {
  ctx.store.webhooks.save({ ...hook, disabled_at: ctx.at })
  ctx.record({
    action: 'webhook.disable',
    subject: `webhook:${hook.webhook_id}`,
    summary: `${new URL(hook.url).host} answered 410`,
    actor: systemActor,
  })
}

/** The cursor is the id of the last webhook of a page; ids begin with the time of creation, so they sort by age. */
function list(ctx: CommandContext, input: Parsed<'webhooks.list'>): Result<{ items: Webhook[]; next_cursor: string | null }> {
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.webhooks.all().filter((hook) => input.cursor === undefined || hook.webhook_id > input.cursor)
  const items = found.slice(0, limit)
  return ok({ items: items.map(show), next_cursor: found.length > limit ? (items.at(-1)?.webhook_id ?? null) : null })
}

function remove(ctx: CommandContext, input: Parsed<'webhooks.delete'>): Result<{ ok: true }> {
  const hook = ctx.store.webhooks.get(input.webhook_id)
  if (hook === undefined) return fail('not-found', `There is no webhook ${input.webhook_id}.`)
  ctx.store.webhooks.delete(hook.webhook_id)
  ctx.record({ action: 'webhook.delete', subject: `webhook:${hook.webhook_id}`, summary: new URL(hook.url).host })
  return ok({ ok: true })
}

function deliveries(
  ctx: CommandContext,
  input: Parsed<'webhooks.deliveries'>,
): Result<{ items: WebhookDelivery[]; next_cursor: string | null }> {
  if (ctx.store.webhooks.get(input.webhook_id) === undefined) return fail('not-found', `There is no webhook ${input.webhook_id}.`)
  const before = countingCursor(input.cursor, Number.MAX_SAFE_INTEGER)
  if (!before.ok) return before
  const limit = input.limit ?? limits.list_default
  const found = ctx.store.webhooks.deliveries(input.webhook_id, limit + 1, before.value)
  const items = found.slice(0, limit)
  return ok({ items: items.map(showDelivery), next_cursor: found.length > limit ? String(items.at(-1)?.id) : null })
}

/**
 * Sends the same message again, now. The address is checked when it is sent, as for any delivery. The message id stays the same, so that a
 * receiver can detect the repetition. After a failure, the delivery's remaining retries follow; there are none if it was given up.
 */
function resend(ctx: CommandContext, input: Parsed<'webhooks.resend'>): Result<WebhookDelivery> {
  const hook = ctx.store.webhooks.get(input.webhook_id)
  if (hook === undefined) return fail('not-found', `There is no webhook ${input.webhook_id}.`)
  const delivery = ctx.store.webhooks.delivery(hook.webhook_id, input.delivery_id)
  if (delivery === undefined)
    return fail(
      'not-found',
      `Webhook ${hook.webhook_id} has no delivery ${input.delivery_id}. Deliveries that have ended are kept for ${limits.retention_ms / 86_400_000} days.`,
    )
  if (hook.disabled_at !== null)
    return fail('wrong-state', `Webhook ${hook.webhook_id} is off: its receiver answered 410. Create it again to send to this address.`)
  const again: DeliveryRecord = { ...delivery, state: 'pending', next_at: ctx.at }
  ctx.store.webhooks.note(again)
  ctx.record({
    action: 'webhook.resend',
    subject: `webhook:${hook.webhook_id}`,
    summary: `${new URL(hook.url).host}: delivery ${delivery.id}, ${delivery.event}`,
  })
  ctx.after({ kind: 'deliver' })
  return ok(showDelivery(again))
}

export const webhookCommands = {
  'webhooks.create': create,
  'webhooks.list': list,
  'webhooks.delete': remove,
  'webhooks.deliveries': deliveries,
  'webhooks.resend': resend,
}
