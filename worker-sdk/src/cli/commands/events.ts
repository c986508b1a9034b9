/** Responsible for `events`: prints the event feed of the tenant, one line per frame, until Ctrl-C. */
import { feedQuery, shownJson, slotsInUse, type FeedFrame } from '@modelreins/contract'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import { Detached, detachedExit, untilDetached } from '../output/follow.ts'
import { oneLine } from '../output/safe-text.ts'
import { UsageError } from '../arguments/usage-error.ts'

export async function events(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  if (!invocation.on('follow'))
    throw new UsageError('events needs --follow', 'Events are shown as they happen; `modelreins-worker audit` lists past ones.')
  const query = checked(
    feedQuery,
    {
      after: invocation.count('after'),
      noun: invocation.text('noun'),
      id: invocation.text('id'),
      job_id: invocation.count('job'),
      worker_id: invocation.text('worker'),
    },
    { name: (path) => `--${path.replace(/_id$/, '')}` },
  )
  const { client } = await connect(context)
  const onReconnect = (error: unknown): void => show.note(show.errorStyle.dim(`Connection lost, reconnecting: ${messageOf(error)}`))
  try {
    return await untilDetached(context, async (signal) => {
      for await (const frame of client.events(query, { signal, onReconnect })) {
        if (show.json) show.line(shownJson(frame))
        else if (frame.type === 'reset') show.warn(`${oneLine(frame.detail)} Events after ${frame.seq} follow.`)
        else if (frame.type !== 'open') show.line(lineOf(frame))
        await context.system.stdout.drained()
      }
      return 0
    })
  } catch (error) {
    if (!(error instanceof Detached)) throw error
    return detachedExit
  }
}

const messageOf = (error: unknown): string => oneLine(error instanceof Error ? error.message : String(error))

/** Columns of fixed width, so that lines that arrive one by one are aligned: seq, time, action, subject, actor, summary. */
function lineOf(frame: Extract<FeedFrame, { type: 'event' | 'presence' }>): string {
  if (frame.type === 'presence') {
    const { name, state, running, slots } = frame.presence
    return `${' '.repeat(22)}  ${'presence'.padEnd(20)}  ${oneLine(`${name} is ${state}, ${slotsInUse(running, slots)}`)}`
  }
  const { seq, at, action, subject, actor, summary } = frame
  const words = [action.padEnd(20), subject.padEnd(12), `${actor.kind}:${actor.name}`, summary].join('  ')
  return `${String(seq).padStart(8)}  ${oneLine(at.slice(11, 23))}  ${oneLine(words)}`
}
