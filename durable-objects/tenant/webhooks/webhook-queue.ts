/** Responsible for putting events into the delivery queue of their subscribers, in the transaction of the change. */
import { shownToAnybody, type WebhookBody, type WebhookEvent } from '@modelreins/contract'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'

/** `text` is one sentence for people, safe to show as it is; `data` holds no prompt and no payload. */
export function queueWebhookEvent(ctx: CommandContext, event: WebhookEvent, text: string, data: WebhookBody['data']): void {
  const hooks = ctx.store.webhooks.all().filter((hook) => hook.disabled_at === null && hook.events.includes(event))
  if (hooks.length === 0) return
  const body: WebhookBody = { type: event, timestamp: isoTime(ctx.at), text: shownToAnybody(text), data }
  for (const hook of hooks) {
    ctx.store.webhooks.enqueue({
      webhook_id: hook.webhook_id,
      message_id: `msg_${ctx.randomText(24)}`,
      event,
      body: JSON.stringify(body),
      created_at: ctx.at,
    })
  }
  ctx.after({ kind: 'deliver' })
}
