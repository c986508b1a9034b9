/** Responsible for `dispatch`: sends a job from the command line and prints its answer to standard output. */
import type { Job } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { connect } from '../setup/connection.ts'
import type { CommandContext } from '../context.ts'
import { Detached, detachedExit, detachedText, followToEnd, untilDetached } from '../output/follow.ts'
import { requestOf } from '../arguments/job-request.ts'
import { endText, errorText, showPreview } from '../output/job-text.ts'
import { manyLines } from '../output/safe-text.ts'

export async function dispatch(context: CommandContext): Promise<number> {
  const request = await requestOf(context)
  const { client } = await connect(context)
  const { show, invocation } = context
  const { idempotency_key: _, ...looked } = request
  if (invocation.on('dry-run')) return showPreview(context, await client.jobs.preview(looked))
  let id: number | undefined
  try {
    return await untilDetached(context, async (signal) => {
      const job = await client.jobs.dispatch(request, { signal })
      id = job.id
      if (invocation.on('no-wait')) return accepted(context, job)
      show.note(
        show.errorStyle.dim(
          `job ${job.id}${job.hold === null ? '' : ` waits (${job.hold})`}${job.assigned_to === null ? '' : ` -> ${job.assigned_to}`}${job.children === undefined ? '' : ` -> ${job.children.map((child) => child.worker).join(', ')}`}`,
        ),
      )
      return await finish(context, client, job, signal)
    })
  } catch (error) {
    if (!(error instanceof Detached)) throw error
    show.warn(
      id === undefined
        ? 'Interrupted before the server replied: the job may or may not have been accepted. Check `jobs`.'
        : detachedText(id),
    )
    return detachedExit
  }
}

function accepted(context: CommandContext, job: Job): number {
  const { show } = context
  if (show.json) show.value(job)
  else if (show.human) show.line(`job ${job.id} ${job.status}${job.assigned_to === null ? '' : ` -> ${job.assigned_to}`}`)
  else show.line(String(job.id))
  return 0
}

/** Streams the output, reports how the job ended, and answers the exit code: 0 done, 1 failed. */
async function finish(context: CommandContext, client: Client, { id, children = [] }: Job, signal: AbortSignal): Promise<number> {
  const { show, invocation } = context
  const workers = children.map((child) => child.worker)
  const job = await followToEnd(context, client, id, { quiet: invocation.on('quiet'), silent: show.json, workers }, signal)
  return ended(context, job)
}

export function ended(context: CommandContext, job: Job): number {
  const { show } = context
  if (show.json) show.value(job)
  const failed = job.status === 'failed'
  const style = show.errorStyle
  if (failed)
    show.warn(
      `${style.red(endText(job))}${
        job.error === null
          ? ''
          : `\n  ${manyLines(errorText(job) ?? '')
              .trimEnd()
              .replaceAll('\n', '\n  ')}`
      }`,
    )
  else show.note(style.dim(endText(job)))
  if (job.merge?.note !== undefined) show.warn(manyLines(job.merge.note))
  return failed ? 1 : 0
}
