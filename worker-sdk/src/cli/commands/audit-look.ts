/** Responsible for `audit look` and `audit seen`: unreviewed actions of the tier `audit`, and marking them as reviewed. */
import { toLookAtList, type Input, type ToLookAt } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import type { Column } from '../output/presenter.ts'
import { showAge } from '../output/time-words.ts'
import { UsageError } from '../arguments/usage-error.ts'

/** The most rows that one call marks. */
const atOnce = 1_000

const seen: Column<ToLookAt> = {
  title: 'SEEN',
  cell: (row) => (row.seen_at === null ? '' : `${row.seen_at} by ${row.seen_by ?? ''}`),
  human: (row) => (row.seen_at === null ? '-' : `by ${row.seen_by ?? ''}`),
}

const columns = (now: number): readonly Column<ToLookAt>[] => [
  { title: 'SEQ', cell: (row) => String(row.seq), right: true },
  { title: 'AGE', cell: (row) => row.at, human: (row) => showAge(row.at, now), right: true },
  { title: 'WORKER', cell: (row) => row.worker ?? row.worker_id ?? '' },
  { title: 'CAPABILITY', cell: (row) => row.capability ?? '' },
  { title: 'JOB', cell: (row) => (row.job_id === null ? '' : String(row.job_id)), right: true },
  { title: 'ACTION', cell: (row) => row.action },
  { title: 'SUMMARY', cell: (row) => row.summary, wide: true },
]

export async function auditLook(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const all = invocation.on('all')
  const fields = { include_seen: all ? true : undefined, limit: invocation.count('limit'), cursor: invocation.text('cursor') }
  const query = checked(toLookAtList, fields)
  const { client } = await connect(context)
  const page = await client.audit.toLookAt(query)
  if (show.json) show.value(page)
  else if (page.items.length > 0) {
    show.table(all ? [...columns(context.now), seen] : columns(context.now), page.items)
    show.note(show.errorStyle.dim('`job ID` shows what ran; `audit seen SEQ` marks it as reviewed'))
  } else show.note('No unreviewed actions')
  if (page.next_cursor !== null) show.note(show.errorStyle.dim(`more: --cursor ${page.next_cursor}`))
  return 0
}

export async function auditSeen(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const named = [...new Set(invocation.arguments.map(rowNumber))]
  if (invocation.on('all') === named.length > 0)
    throw new UsageError(
      named.length > 0 ? '--all and row numbers cannot be combined' : 'audit seen needs row numbers or --all',
      'audit look lists the rows that still need a review',
    )
  const { client } = await connect(context)
  const asked = invocation.on('all') ? await allToLookAt(client) : named
  const marked = new Set<number>()
  for (let from = 0; from < asked.length; from += atOnce) {
    for (const seq of (await client.audit.seen({ seqs: asked.slice(from, from + atOnce) })).seen) marked.add(seq)
  }
  // With --all, rows that this call did not mark were marked by somebody else a moment earlier.
  const left = named.filter((seq) => !marked.has(seq))
  if (show.json) show.value({ seen: [...marked], left_out: left })
  else {
    for (const seq of marked) show.line(`${seq}\tseen`)
    for (const seq of left) show.line(`${seq}\tleft out\talready reviewed, or not on the list`)
    if (asked.length === 0) show.note('No unreviewed actions')
  }
  return left.length === 0 ? 0 : 1
}

function rowNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageError(`"${text}" is not the number of a row`, 'audit look shows them under SEQ')
  return Number(text)
}

async function allToLookAt(client: Client): Promise<readonly number[]> {
  const found: number[] = []
  let query: Input<'audit.to_look_at'> | undefined = { limit: 200 }
  while (query !== undefined) {
    const page: Awaited<ReturnType<typeof client.audit.toLookAt>> = await client.audit.toLookAt(query)
    found.push(...page.items.map((row) => row.seq))
    query = page.next_cursor === null ? undefined : { limit: 200, cursor: page.next_cursor }
  }
  return found
}
