/** Responsible for the shapes of outbound webhooks (Standard Webhooks); it signs and sends nothing. */
import * as z from 'zod'
import { integer, page, paging, time } from './fields.ts'
import { publicId } from './ids.ts'

export const webhookEvents = [
  'review.created',
  'review.settled',
  'review.reminded',
  'review.escalated',
  'killswitch.raised',
  /** A person has a job in hand and has not been active for a while. */
  'work.reminded',
] as const
export const webhookEvent = z.enum(webhookEvents)
export type WebhookEvent = z.infer<typeof webhookEvent>

export const webhookRequest = z.strictObject({
  url: z.url().max(2_000),
  /** All events when absent. */
  events: z.array(webhookEvent).min(1).max(webhookEvents.length).optional(),
})
export const webhook = z
  .object({
    webhook_id: z.string(),
    url: z.string(),
    events: z.array(webhookEvent),
    created_by: z.string(),
    created_at: time,
    /** Set when the receiver answered 410 Gone: nothing more is sent. */
    disabled_at: time.nullable(),
  })
  .meta({ id: 'Webhook' })
export type Webhook = z.infer<typeof webhook>
/** `secret`: `whsec_` and base64, answered only here. */
export const webhookCreated = webhook.extend({ secret: z.string() })
export const webhookPage = page(webhook)
export const webhookList = z.strictObject({ ...paging })
const webhookId = publicId('/api/v1/webhooks')
export const webhookRef = z.strictObject({ webhook_id: webhookId })

export const webhookDelivery = z
  .object({
    delivery_id: z.number().int(),
    /** The header `webhook-id`: the same in every try, so that a receiver can recognise a repetition. */
    message_id: z.string(),
    event: webhookEvent,
    state: z.enum(['pending', 'delivered', 'failed']),
    created_at: time,
    next_attempt_at: time.nullable(),
    /** `status`: the HTTP status of the answer; null when there was none, and `error` says why. */
    attempts: z.array(z.object({ at: time, status: z.number().int().nullable(), error: z.string().nullable(), took_ms: z.number() })),
  })
  .meta({ id: 'WebhookDelivery' })
export type WebhookDelivery = z.infer<typeof webhookDelivery>
export const webhookDeliveryPage = page(webhookDelivery)
/** `delivery_id`: as the list of deliveries names it. */
export const webhookDeliveryRef = z.strictObject({ webhook_id: webhookId, delivery_id: integer(1, Number.MAX_SAFE_INTEGER) })
export const webhookDeliveryList = z.strictObject({ webhook_id: webhookId, ...paging })

/**
 * The body of a delivery. It contains no prompt and no payload: members who may decide read those with their own key. `text` is a sentence for
 * people.
 */
export const webhookBody = z.object({
  type: webhookEvent,
  timestamp: time,
  text: z.string(),
  data: z.record(z.string(), z.json()),
})
export type WebhookBody = z.infer<typeof webhookBody>
