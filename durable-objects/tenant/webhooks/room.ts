/** Responsible for the webhooks room: subscriptions to events, and their deliveries. */
import { limits } from '@modelreins/contract'
import { systemCaller } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import { atItsPace, sendingPorts } from '../kernel/paced-sending.ts'
import type { Room } from '../kernel/room.ts'
import { disableWebhook, webhookCommands } from './commands.ts'
import { forgetJob } from './webhook-queue.ts'
import { WebhookSender } from './webhook-sender.ts'
import { WebhookStore } from './webhook-store.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly webhooks: WebhookStore
  }
  interface Live {
    readonly sender: WebhookSender
  }
  interface Effects {
    /** Sends pending deliveries. */
    deliver: object
  }
}

function memory(host: Host) {
  const sender: WebhookSender = new WebhookSender({
    ...sendingPorts(host, () => sender.pace),
    keys: host.keys,
    disable: (hook) => void host.run(systemCaller, (ctx) => (disableWebhook(ctx, hook), [])),
  })
  return { sender }
}

const pace = atItsPace(({ sender }) => sender.pace)

export const webhookRoom = {
  name: 'webhooks',
  commands: webhookCommands,
  tables: ({ db, forget }) => ({ webhooks: new WebhookStore(db, forget) }),
  memory,
  duties: [{ next: pace.next, run: (ctx) => ctx.after({ kind: 'deliver' }) }],
  effects: { deliver: pace.send },
  onErased: forgetJob,
  finish: pace.flush,
  prune: ({ at, store }) => store.webhooks.prune(at - limits.retention_ms),
} satisfies Room
