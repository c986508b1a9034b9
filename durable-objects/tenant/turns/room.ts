/** Responsible for registering concurrency keys and rates with the kernel. */
import { limits } from '@modelreins/contract'
import type { JobRecord } from '../../../src/domain/job/job-machine.ts'
import { isKeyed } from '../../../src/domain/job/keys.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { Room } from '../kernel/room.ts'
import { placeMates } from '../queue/workforce/place.ts'
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

/** Called when an attempt is over: other workers of the same directory may now start a job. */
function freePlace(ctx: CommandContext, job: JobRecord): void {
  if (job.status === 'running' || job.attempt === 0 || job.worker_id === null) return
  const worker = ctx.store.workers.get(job.worker_id)
  if (worker === undefined) return
  for (const worker_id of placeMates(ctx, worker)) if (worker_id !== job.worker_id) ctx.after({ kind: 'feed', worker_id })
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
    freePlace(ctx, job)
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
