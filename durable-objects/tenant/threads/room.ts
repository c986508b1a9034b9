/** Responsible for registering threads with the kernel: their first job creates them, and their defaults apply to later jobs. */
import type { JobRequest } from '@modelreins/contract'
import { titleOf } from '../../../src/domain/thread/title.ts'
import type { CommandContext } from '../kernel/context.ts'
import type { Room } from '../kernel/room.ts'
import { ThreadActivity } from './activity.ts'
import { threadCommands } from './commands.ts'
import { erasureDuty, waitForErasure } from './delete.ts'
import { ErasureStore } from './erasure-store.ts'
import { ThreadEraser } from './thread-eraser.ts'
import { ThreadStore } from './thread-store.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly erasures: ErasureStore
    readonly threadStore: ThreadStore
  }
  interface Live {
    readonly threadActivity: ThreadActivity
    readonly threadEraser: ThreadEraser
  }
  interface Effects {
    /** Erases deleted jobs from streams, R2 and the archive. */
    erase_jobs: { readonly ids: readonly number[] }
    /** Erases the jobs of a deleted thread that only the archive still has. */
    erase_thread: { readonly id: number }
  }
}

/** Applies the thread's defaults. The default target is left out for fan-outs and for jobs that name preferred workers (`prefer`). */
function defaults(ctx: CommandContext, request: JobRequest): JobRequest {
  if (request.thread_id === undefined) return request
  const { target, ...rest } = ctx.store.threadStore.get(request.thread_id)?.defaults ?? {}
  const free = request.targets === undefined && request.fan_out === undefined && request.prefer === undefined
  const found = Object.entries(free ? { ...rest, target } : rest).filter(([, value]) => value !== undefined)
  return found.length === 0 ? request : { ...Object.fromEntries(found), ...request }
}

export const threadRoom = {
  name: 'threads',
  commands: threadCommands,
  tables: ({ db, forget }) => ({ erasures: new ErasureStore(db), threadStore: new ThreadStore(db, forget) }),
  memory: (host) => ({ threadActivity: new ThreadActivity(), threadEraser: new ThreadEraser(host) }),
  duties: [erasureDuty],
  effects: {
    erase_jobs: ({ live }, { ids }) => live.threadEraser.tendJobs(ids),
    erase_thread: ({ live }, { id }) => live.threadEraser.tendThread(id),
  },
  waits: { 'threads.delete': (host, _caller, input, first) => waitForErasure(host, input, first) },
  defaults,
  onSaved: (ctx, job) => {
    const { thread_id, ended_at, created_at } = job
    if (thread_id === null) return
    ctx.onCommit(() => ctx.live.threadActivity.note(thread_id, ended_at ?? created_at))
    // A job of a deleted thread will be erased soon and must not create the thread again.
    if (ctx.store.threadStore.get(thread_id) !== undefined || ctx.store.erasures.covers(thread_id, job.id)) return
    const title = titleOf(job.spec.prompt, thread_id)
    ctx.store.threadStore.add({ thread_id, title, archived: false, defaults: {}, created_at: ctx.at })
  },
  onPruned: ({ store }, old) => {
    const last = new Map<string, number>()
    for (const { thread_id, ended_at } of old) {
      if (thread_id !== null) last.set(thread_id, Math.max(ended_at, last.get(thread_id) ?? 0))
    }
    for (const [thread_id, at] of last) store.threadStore.noteActivity(thread_id, at)
  },
} satisfies Room
