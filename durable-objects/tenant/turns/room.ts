/** Responsible for handing concurrency keys and rates to the kernel. */
import { limits } from '@modelreins/contract'
import { isKeyed } from '../../../src/domain/job/keys.ts'
import type { Room } from '../kernel/room.ts'
import { Contention } from './contention.ts'
import { turnHold, replaceOthers } from './hold.ts'
import { TurnStore } from './turn-store.ts'
import { letOthersPass } from './stand-back.ts'
import { keepTurns, nextTurn, serve } from './turns.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly turns: TurnStore
  }
  interface Live {
    readonly contention: Contention
  }
}

export const turnRoom = {
  name: 'turns',
  tables: ({ db }) => ({ turns: new TurnStore(db) }),
  memory: () => ({ contention: new Contention() }),
  restore: ({ at, store, live }) => {
    for (const key of store.turns.waitedFor('concurrency')) live.contention.add(key, at)
  },
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
    { next: ({ live }) => live.contention.lookAt, run: letOthersPass },
  ],
  prune: ({ at, store }) => store.turns.forgetStarts(at - limits.rate_window_max_ms),
} satisfies Room
