/** Responsible for queueing webhook events, in the transaction of the change, and for removing texts of erased jobs from the queue. */
import { shownToAnybody, type WebhookBody, type WebhookEvent } from '@modelreins/contract'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { isoTime } from '../kernel/context.ts'
import type { CommandContext } from '../kernel/context.ts'

/** Queues an event for its webhooks. `text`: one sentence for people, safe to show unescaped; `data`: without prompts and payloads. */
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

/** Removes the titles of reviews of an erased job, because its worker may have written them. Who decided what, and when, stays. */
export function forgetJob(ctx: CommandContext, { id }: Pick<JobRecord, 'id'>): void {
  if (ctx.store.webhooks.all().length === 0 || ctx.store.reviews.idsOf(id).length === 0) return
  for (const message of ctx.store.webhooks.aboutJob(id)) {
    const body: WebhookBody = JSON.parse(message.body)
    const about = `job ${id}, which was erased`
    const data = 'title' in body.data ? { ...body.data, title: about } : body.data
    const text = `Review ${String(body.data['review_id'] ?? '')} of ${about}`
    ctx.store.webhooks.reword(message.id, JSON.stringify({ ...body, text, data }))
  }
}
