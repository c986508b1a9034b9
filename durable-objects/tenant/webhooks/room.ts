/** Responsible for handing webhooks to the kernel. */
import { limits } from '@modelreins/contract'
import { systemCaller } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
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
    /** There is something to send. */
    deliver: object
  }
}

function memory(host: Host) {
  const { tenant, store, keys, allowedHosts, now, random, waitUntil } = host
  const sender: WebhookSender = new WebhookSender({
    tenant,
    store,
    keys,
    allowedHosts,
    now,
    random,
    fetch: (url, init) => fetch(url, init),
    waitUntil,
    disable: (hook) => void host.run(systemCaller, (ctx) => (disableWebhook(ctx, hook), [])),
    rearm: () => {
      host.live.due.hint(sender.pace.dueAt)
      host.rearm()
    },
  })
  return { sender }
}

export const webhookRoom = {
  name: 'webhooks',
  commands: webhookCommands,
  tables: ({ db, forget }) => ({ webhooks: new WebhookStore(db, forget) }),
  memory,
  duties: [
    {
      // What is due now is sent by the sweep that asks.
      next: ({ at, live }) => (live.sender.pace.dueAt > at ? live.sender.pace.dueAt : undefined),
      run: (ctx) => ctx.after({ kind: 'deliver' }),
    },
  ],
  effects: {
    deliver: ({ live }) => {
      live.sender.pace.tend()
      live.due.hint(live.sender.pace.dueAt)
    },
  },
  onErased: forgetJob,
  finish: ({ live }) => live.sender.pace.flush(),
  prune: ({ at, store }) => store.webhooks.prune(at - limits.retention_ms),
} satisfies Room
