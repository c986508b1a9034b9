/** Responsible for `threads` and `threads delete`: the list, and erasing a thread permanently. */
import { threadDelete, threadList, type Thread } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { ModelReinsError } from '../../client/error.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import { oneLine } from '../output/safe-text.ts'
import type { Column } from '../output/presenter.ts'
import { showAge } from '../output/time-words.ts'
import { momentOf } from '../arguments/time-flag.ts'
import { confirmed } from '../confirm.ts'

const columns = (now: number): readonly Column<Thread>[] => [
  { title: 'THREAD', cell: (thread) => thread.thread_id },
  { title: 'JOBS', cell: (thread) => String(thread.jobs), right: true },
  { title: 'RUNNING', cell: (thread) => String(thread.running), right: true },
  { title: 'LAST', cell: (thread) => thread.last_activity, human: (thread) => showAge(thread.last_activity, now), right: true },
  { title: 'WORKERS', cell: (thread) => thread.workers.join(',') },
  { title: 'MEMBERS', cell: (thread) => thread.members.map((name) => name.replace(/^member:/, '')).join(',') },
  { title: 'TITLE', cell: (thread) => `${thread.title}${thread.archived ? ' (archived)' : ''}`, wide: true },
]

export const more = ({ show }: CommandContext, cursor: string | null): void => {
  if (cursor !== null) show.note(show.errorStyle.dim(`more: --cursor ${cursor}`))
}

export async function threads(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const query = checked(
    threadList,
    {
      limit: invocation.count('limit'),
      cursor: invocation.text('cursor'),
      include_archived: invocation.on('archived') ? true : undefined,
      text: invocation.text('text'),
      worker: invocation.text('worker'),
      member: invocation.text('member'),
      running: invocation.on('running') ? true : undefined,
      active_since: momentOf(context, 'since', 'ago'),
    },
    { name: (path) => `--${path.replace('active_since', 'since')}` },
  )
  const { client } = await connect(context)
  const page = await client.threads.list(query)
  if (show.json) show.value(page)
  else if (page.items.length > 0) show.table(columns(context.now), page.items)
  else show.note('No threads')
  more(context, page.next_cursor)
  return 0
}

const jobsWord = (count: number): string => `${count} job${count === 1 ? '' : 's'}`

/** The question shows title and jobs, because an id alone does not show which thread it is. */
async function isMeant(context: CommandContext, client: Client, thread_id: string): Promise<boolean> {
  if (context.invocation.on('yes')) return true
  const { title, jobs, running } = await client.threads.get({ thread_id, limit: 1 })
  const under = running === 0 ? '' : `, ${running} of them not ended`
  return confirmed(context, `Erase thread ${thread_id} (${oneLine(title)}; ${jobsWord(jobs)} kept here${under}) for good?`)
}

export async function deleteThread(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const fields = { thread_id: invocation.argument(0) ?? '', abort: invocation.on('abort') ? true : undefined }
  const query = checked(threadDelete, fields, { name: () => 'ID' })
  const { client } = await connect(context)
  if (!(await isMeant(context, client, query.thread_id))) {
    show.note('Cancelled: nothing was erased')
    return 1
  }
  const gone = await client.threads.delete(query).catch((error: unknown) => {
    // The server's message names its parameter; the user needs the name of the flag.
    if (error instanceof ModelReinsError && error.code === 'conflict')
      show.warn(`To abort its jobs and delete it: threads delete ${query.thread_id} --abort`)
    throw error
  })
  if (show.json) show.value(gone)
  else {
    const ended = gone.aborted.length === 0 ? '' : ` (${jobsWord(gone.aborted.length)} aborted for it)`
    show.note(`Thread ${gone.thread_id} is deleted: ${jobsWord(gone.erased_jobs)} erased${ended}`)
  }
  if (!gone.complete) show.warn(`Erasing continues in the background. To see the progress: threads delete ${gone.thread_id} --yes`)
  return 0
}
