/** Responsible for handing threads to the kernel: made by their first job, with defaults for those that follow. */
import type { JobRequest } from '@modelreins/contract'
import type { CommandContext } from '../kernel/context.ts'
import type { Room } from '../kernel/room.ts'
import { threadCommands } from './commands.ts'
import { ThreadStore } from './thread-store.ts'

declare module '../kernel/context.ts' {
  interface Store {
    readonly threadStore: ThreadStore
  }
}

const titleChars = 120
const titleOf = (prompt: string): string => (prompt.trim().split('\n', 1)[0] ?? '').slice(0, titleChars)

/** A fan-out and a job with its own target are not given another one. */
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
  tables: ({ db, forget }) => ({ threadStore: new ThreadStore(db, forget) }),
  defaults,
  onSaved: (ctx, job) => {
    if (job.thread_id === null || ctx.store.threadStore.get(job.thread_id) !== undefined) return
    ctx.store.threadStore.add({
      thread_id: job.thread_id,
      title: titleOf(job.spec.prompt),
      archived: false,
      defaults: {},
      created_at: ctx.at,
    })
  },
} satisfies Room
