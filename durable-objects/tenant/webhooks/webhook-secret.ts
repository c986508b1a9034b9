/** Responsible for the secret of a webhook and for signing a delivery with it, as Standard Webhooks says. No secret is ever stored. */
import { createHmac } from 'node:crypto'
import type { TokenKey } from '../../../src/domain/access/token.ts'

/** 32 bytes, derived from a signing key: the same as long as that key is among those of the Worker. */
const secretBytes = (key: TokenKey, tenant: string, webhookId: string): Uint8Array => key.hmac(`webhook/${tenant}/${webhookId}`)

/** As its owner gets to see it, once. */
export const webhookSecret = (key: TokenKey, tenant: string, webhookId: string): string =>
  `whsec_${Buffer.from(secretBytes(key, tenant, webhookId)).toString('base64')}`

/** The three headers. `at`: milliseconds, of this very try: receivers refuse old ones. */
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
