/** Responsible for registering fan-outs with the kernel: one prompt for several workers, merged into one answer. */
import { places } from '../../../src/domain/job/queue.ts'
import type { Room } from '../kernel/room.ts'
import { advance, onSettled } from './advance.ts'
import { fanOutCommands } from './commands.ts'

export const fanOutRoom = {
  name: 'fan-out',
  commands: fanOutCommands,
  onSettled,
  duties: [
    {
      next: ({ store }) => {
        const rank = store.jobs.heads(places.parents, 1)[0]?.rank
        return rank === undefined || rank === Number.MAX_SAFE_INTEGER ? undefined : rank
      },
      run: (ctx) => {
        for (const parent of ctx.store.jobs.due(places.parents, ctx.at, 500)) advance(ctx, parent.id)
      },
    },
  ],
} satisfies Room
