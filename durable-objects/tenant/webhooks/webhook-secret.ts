/** Responsible for deriving the secret of a webhook, which is never stored, and for signing deliveries by Standard Webhooks. */
import { createHmac } from 'node:crypto'
import type { TokenKey } from '../../../src/domain/access/token.ts'

/** 32 bytes, derived from a signing key: they stay the same as long as the Worker has that key. */
const secretBytes = (key: TokenKey, tenant: string, webhookId: string): Uint8Array => key.hmac(`webhook/${tenant}/${webhookId}`)

/** The secret in the form that is shown to its owner once: `whsec_` and base64. */
export const webhookSecret = (key: TokenKey, tenant: string, webhookId: string): string =>
  `whsec_${Buffer.from(secretBytes(key, tenant, webhookId)).toString('base64')}`

/** The three headers of Standard Webhooks. `at`: time of this attempt, milliseconds since 1970, because receivers refuse old timestamps. */
export function signedHeaders(
  key: TokenKey,
  delivery: { readonly tenant: string; readonly webhook_id: string; readonly message_id: string; readonly body: string },
  at: number,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1000))
  const secret = secretBytes(key, delivery.tenant, delivery.webhook_id)
  const signature = createHmac('sha256', secret).update(`${delivery.message_id}.${timestamp}.${delivery.body}`).digest('base64')
  return { 'webhook-id': delivery.message_id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
