/** Responsible for remembering the jobs that a person had lately: a short list per worker, so that an inbox need not search all jobs. */
import { limits } from '@modelreins/contract'
import type { CommandContext } from '../kernel/context.ts'

interface Entry {
  readonly id: number
  readonly at: number
}

const key = (workerId: string): string => `work.lately.${workerId}`

const entries = ({ store }: Pick<CommandContext, 'store'>, workerId: string): readonly Entry[] =>
  (store.values.read(key(workerId)) ?? []) as readonly Entry[]

/** Ids, newest first. */
export const lately = (ctx: Pick<CommandContext, 'at' | 'store'>, workerId: string): readonly number[] =>
  entries(ctx, workerId).flatMap(({ id, at }) => (ctx.at - at <= limits.work_ended_ms ? [id] : []))

/** Puts the job first in the list; the list keeps at most `limits.work_ended` jobs. */
export function rememberLately(ctx: CommandContext, workerId: string, jobId: number): void {
  const others = entries(ctx, workerId).filter(({ id }) => id !== jobId)
  ctx.store.values.write(key(workerId), [{ id: jobId, at: ctx.at }, ...others].slice(0, limits.work_ended))
}
