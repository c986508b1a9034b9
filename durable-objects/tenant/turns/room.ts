/** Responsible for handing concurrency keys and rates to the kernel. */
import { limits } from '@modelreins/contract'
import { isKeyed } from '../../../src/domain/job/keys.ts'
import type { Room } from '../kernel/room.ts'
import { turnHold, replaceOthers } from './hold.ts'
import { TurnStore } from './turn-store.ts'
import { keepTurns, nextTurn, serve } from './turns.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly turns: TurnStore
  }
}

export const turnRoom = {
  name: 'turns',
  tables: ({ db }) => ({ turns: new TurnStore(db) }),
  hold: turnHold,
  onSaved: (ctx, job) => {
    if (!isKeyed(job)) return
    const isNew = ctx.store.turns.of(job.id, 'concurrency') === undefined
    keepTurns(ctx, job)
    if (isNew && job.status === 'pending') replaceOthers(ctx, job)
  },
  duties: [
    {
      next: nextTurn,
      run: (ctx) => {
        for (const key of ctx.store.turns.waitedFor('rate')) serve(ctx, { kind: 'rate', key })
      },
    },
  ],
  prune: ({ at, store }) => store.turns.forgetStarts(at - limits.rate_window_max_ms),
} satisfies Room
