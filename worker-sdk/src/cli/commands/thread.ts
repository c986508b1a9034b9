/** Responsible for `thread ID`: shows its turns and changes its title, defaults and state. */
import { threadGet, threadPatch, type ThreadDefaults, type Turn } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { checked, given } from '../arguments/checked.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { CommandContext } from '../context.ts'
import { statusPaint } from '../output/job-text.ts'
import { manyLines, oneLine } from '../output/safe-text.ts'
import { connect } from '../setup/connection.ts'
import { more } from './threads.ts'

/** The changes that flags ask for; undefined when there are none. */
function patchOf({ invocation }: CommandContext, thread_id: string) {
  if (invocation.on('archive') && invocation.on('restore')) throw new UsageError('--archive and --restore do not go together')
  const defaults = given({
    effort: invocation.text('default-effort'),
    mode: invocation.text('default-mode'),
    target: invocation.text('default-target'),
    capability: invocation.text('default-capability'),
  })
  const patch = given({
    title: invocation.text('title'),
    archived: invocation.on('archive') ? true : invocation.on('restore') ? false : undefined,
    defaults: Object.keys(defaults).length === 0 && !invocation.on('no-defaults') ? undefined : defaults,
  })
  if (Object.keys(patch).length === 0) return undefined
  return checked(threadPatch, { thread_id, ...patch }, { name: (path) => `--${path.replaceAll('.', '-').replace('defaults', 'default')}` })
}

type Patch = NonNullable<ReturnType<typeof patchOf>>

/** A patch replaces all defaults. Defaults that no flag names are sent again, unless they are to be removed. */
async function withOtherDefaults({ invocation }: CommandContext, client: Client, patch: Patch): Promise<Patch> {
  if (patch.defaults === undefined || invocation.on('no-defaults')) return patch
  const { defaults } = await client.threads.get({ thread_id: patch.thread_id, limit: 1 })
  return { ...patch, defaults: { ...defaults, ...patch.defaults } satisfies ThreadDefaults }
}

export async function thread(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const thread_id = invocation.argument(0) ?? ''
  if (invocation.has('reason') && !invocation.on('abort')) throw new UsageError('--reason goes with --abort')
  const patch = patchOf(context, thread_id)
  const query = checked(threadGet, { thread_id, limit: invocation.count('limit'), cursor: invocation.text('cursor') })
  const { client } = await connect(context)
  if (invocation.on('abort')) return abort(context, client, thread_id)
  if (patch !== undefined) {
    const changed = await client.threads.update(await withOtherDefaults(context, client, patch))
    if (show.json) show.value(changed)
    else show.note(`Thread ${thread_id} is changed`)
    return 0
  }
  const found = await client.threads.get(query)
  if (show.json) show.value(found)
  else {
    show.line(`${show.style.bold(oneLine(found.title))}${found.archived ? ' (archived)' : ''}`)
    if (found.turns.length === 0) show.note('No turns')
    for (const turn of found.turns) for (const line of turnLines(context, turn)) show.line(line)
  }
  if (found.archive === 'unavailable') show.warn('Older turns could not be read from the archive now')
  more(context, found.next_cursor)
  return 0
}

function turnLines({ show }: CommandContext, turn: Turn): readonly string[] {
  const by = turn.workers.length === 0 ? '' : ` by ${turn.workers.join(', ')}`
  const paint = statusPaint(turn.status, show.style)
  const answer = turn.answer === null ? [] : manyLines(turn.answer).trimEnd().split('\n')
  return [
    '',
    ...manyLines(turn.prompt)
      .trimEnd()
      .split('\n')
      .map((line) => `> ${line}`),
    show.style.dim(`job ${turn.job_id}${by}: `) + paint(turn.status),
    ...answer,
    ...(turn.truncated ? [show.style.dim(`the rest: job ${turn.job_id} --result`)] : []),
  ]
}

async function abort(context: CommandContext, client: Client, thread_id: string): Promise<number> {
  const { invocation, show } = context
  const reason = invocation.text('reason')
  const job_ids: number[] = []
  for (;;) {
    const done = await client.threads.abort({ thread_id, ...(reason === undefined ? {} : { reason }) })
    job_ids.push(...done.job_ids)
    if (done.remaining === 0 || done.job_ids.length === 0) break
  }
  if (show.json) show.value({ job_ids })
  else show.note(job_ids.length === 0 ? `Nothing runs in thread ${thread_id}` : `Aborted ${job_ids.map((id) => `job ${id}`).join(', ')}`)
  return 0
}
