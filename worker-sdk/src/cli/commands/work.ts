/** Responsible for `work`: what a member does as a person, from the inbox to the end of a job in hand. */
import { existsSync } from 'node:fs'
import { workJobRef, type Person, type WorkInbox, type WorkItem, type WorkJob } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { uploadSource } from '../../worker/job/artifact-file.ts'
import { programName } from '../arguments/command.ts'
import { readTextFile } from '../arguments/read-text.ts'
import { UsageError } from '../arguments/usage-error.ts'
import type { CommandContext } from '../context.ts'
import { showBytes, statusPaint } from '../output/job-text.ts'
import type { Column } from '../output/presenter.ts'
import { manyLines, oneLine } from '../output/safe-text.ts'
import { showAge } from '../output/time-words.ts'
import { connect } from '../setup/connection.ts'
import { capabilitiesOf } from './workers.ts'

interface Line {
  readonly item: WorkItem
  readonly place: 'in hand' | 'on offer' | 'lately'
}

const goesBack = ({ claim }: WorkItem): string =>
  claim === null ? '' : claim.hand_back_at < claim.deadline_at ? claim.hand_back_at : claim.deadline_at

const columns = (now: number): readonly Column<Line>[] => [
  { title: 'ID', cell: ({ item }) => String(item.job_id), right: true },
  { title: 'WHERE', cell: ({ place }) => place },
  { title: 'STATUS', cell: ({ item }) => item.status, paint: ({ item }, style) => statusPaint(item.status, style) },
  { title: 'AGE', cell: ({ item }) => item.created_at, human: ({ item }) => showAge(item.created_at, now), right: true },
  { title: 'UNTIL', cell: ({ item }) => item.expires_at ?? goesBack(item) },
  { title: 'WHY', cell: ({ item }) => item.why },
  { title: 'WHAT', cell: ({ item }) => item.title, wide: true },
]

function jobIdOf({ invocation }: CommandContext): number {
  const text = (invocation.argument(0) ?? '').replace(/^#/, '')
  const parsed = workJobRef.safeParse({ job_id: text })
  if (parsed.success) return parsed.data.job_id
  throw new UsageError(`"${text}" is not the number of a job`, `${programName} work lists them`)
}

/** The attempt that is in hand, so that a command changes this attempt and no later one. */
async function inHand(client: Client, job_id: number): Promise<{ readonly job_id: number; readonly attempt: number }> {
  const { job, item } = await client.work.get({ job_id })
  // If the job is not in hand, the server answers that, with what happened to it.
  return { job_id, attempt: item.claim?.attempt ?? Math.max(1, job.attempt) }
}

export async function work(context: CommandContext): Promise<number> {
  const { show } = context
  const { client } = await connect(context)
  const inbox = await client.work.list({})
  if (show.json) show.value(inbox)
  else showInbox(context, inbox)
  return 0
}

function showInbox({ show, now }: CommandContext, { person, claimed, offered, ended, killswitch }: WorkInbox): void {
  if (person === null) {
    show.warn(`You are not taking jobs. To start: ${programName} work join`)
    return
  }
  if (killswitch.level >= 2)
    show.warn(`The killswitch is at level ${killswitch.level}${killswitch.reason === null ? '' : `: ${killswitch.reason}`}`)
  else if (person.paused) show.warn(`${person.name} is paused: you cannot start jobs until an operator resumes it`)
  else if (!person.taking) show.note(`You have stopped taking jobs. To start again: ${programName} work join`)
  for (const { job_id, claim } of claimed)
    if (claim?.reminded === true) show.warn(`job ${job_id} goes back to the queue at ${claim.hand_back_at}`)
  const lines: readonly Line[] = [
    ...claimed.map((item): Line => ({ item, place: 'in hand' })),
    ...offered.map((item): Line => ({ item, place: 'on offer' })),
    ...ended.map((item): Line => ({ item, place: 'lately' })),
  ]
  if (lines.length > 0) show.table(columns(now), lines)
  else show.note(`The inbox of ${person.name} is empty`)
}

function showPersonIn({ show }: CommandContext, person: Person): number {
  if (show.json) show.value(person)
  else show.line(person.taking ? `You take jobs as ${person.name}` : `${person.name} takes no more jobs`)
  return 0
}

export async function workJoin(context: CommandContext): Promise<number> {
  const capabilities = capabilitiesOf(context)
  const name = context.invocation.text('name')
  const { client } = await connect(context)
  const input = { ...(name === undefined ? {} : { name }), ...(capabilities === undefined ? {} : { capabilities }) }
  return showPersonIn(context, await client.work.join(input))
}

export async function workLeave(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  return showPersonIn(context, await client.work.leave({}))
}

function showWork({ show }: CommandContext, { job, item, context, files }: WorkJob): void {
  show.facts([
    ['id', String(job.id)],
    ['status', job.status],
    ['why', item.why],
    ['created by', item.created_by ?? undefined],
    ['capability', item.capability ?? undefined],
    ['thread', item.thread_id ?? undefined],
    ['started', item.claim?.since],
    ['until', item.expires_at ?? (item.claim === null ? undefined : goesBack(item))],
    ['error', item.error === null ? undefined : oneLine(item.error.message)],
    ...files.map((file) => ['file', `${file.slug}  ${oneLine(file.filename)} (${showBytes(file.size_bytes)})`] as const),
  ])
  for (const text of [context, job.prompt]) if (text !== '') show.line(`\n${manyLines(text).trimEnd()}`)
}

export async function workShow(context: CommandContext): Promise<number> {
  const job_id = jobIdOf(context)
  const { client } = await connect(context)
  const found = await client.work.get({ job_id })
  if (context.show.json) context.show.value(found)
  else showWork(context, found)
  return 0
}

export async function workStart(context: CommandContext): Promise<number> {
  const job_id = jobIdOf(context)
  const { client } = await connect(context)
  const started = await client.work.start({ job_id })
  if (context.show.json) context.show.value(started)
  else showWork(context, started)
  return 0
}

const words = ({ invocation }: CommandContext): readonly string[] => invocation.arguments.slice(1)

export async function workNote(context: CommandContext): Promise<number> {
  const job_id = jobIdOf(context)
  const typed = words(context)
  const piped = typed.length === 0 || (typed.length === 1 && typed[0] === '-')
  if (piped && context.system.stdinIsTerminal && typed.length === 0) throw new UsageError('A note needs a text')
  const text = piped ? await context.system.readStdin() : typed.join(' ')
  if (text.trim() === '') throw new UsageError('The note is empty')
  const { client } = await connect(context)
  const noted = await client.work.note({ ...(await inHand(client, job_id)), text: text.endsWith('\n') ? text : `${text}\n` })
  if (context.show.json) context.show.value(noted)
  return 0
}

export async function workAttach(context: CommandContext): Promise<number> {
  const { show } = context
  const job_id = jobIdOf(context)
  const paths = words(context)
  const missing = paths.find((path) => !existsSync(path))
  if (paths.length === 0) throw new UsageError('Name the files to attach')
  if (missing !== undefined) throw new UsageError(`There is no file ${missing}`)
  const { client } = await connect(context)
  for (const path of paths) {
    const file = await uploadSource((bytes, options) => client.uploadArtifact(bytes, { ...options, jobId: job_id }), path)
    if (show.json) show.value(file)
    else show.line(`${file.slug}  ${oneLine(file.filename)} (${showBytes(file.size_bytes)})`)
  }
  return 0
}

/** The content of the file that --file names, or of standard input for `-`; undefined without the flag. */
async function fileText({ invocation, system }: CommandContext): Promise<string | undefined> {
  const file = invocation.text('file')
  return file === undefined ? undefined : file === '-' ? system.readStdin() : readTextFile(file)
}

function ended(context: CommandContext, answer: WorkJob, what: string): number {
  if (context.show.json) context.show.value(answer)
  else context.show.line(`job ${answer.job.id} ${what}`)
  return 0
}

export async function workDone(context: CommandContext): Promise<number> {
  const job_id = jobIdOf(context)
  const typed = words(context)
  if (typed.length > 0 && context.invocation.has('file')) throw new UsageError('RESULT and --file cannot be combined')
  const result = typed.length > 0 ? typed.join(' ') : await fileText(context)
  const { client } = await connect(context)
  return ended(context, await client.work.done({ ...(await inHand(client, job_id)), result: result ?? null }), 'done')
}

function reasonOf({ invocation }: CommandContext): string {
  const reason = invocation.text('reason')?.trim() ?? ''
  if (reason === '') throw new UsageError('Say why: --reason TEXT')
  return reason
}

export async function workFailed(context: CommandContext): Promise<number> {
  const job_id = jobIdOf(context)
  const reason = reasonOf(context)
  const { client } = await connect(context)
  return ended(context, await client.work.failed({ ...(await inHand(client, job_id)), reason }), 'failed')
}

export async function workHandBack(context: CommandContext): Promise<number> {
  const job_id = jobIdOf(context)
  const reason = context.invocation.text('reason')
  const { client } = await connect(context)
  const input = { ...(await inHand(client, job_id)), ...(reason === undefined ? {} : { reason }) }
  return ended(context, await client.call('work.hand_back', input), 'handed back')
}

export async function workEscalate(context: CommandContext): Promise<number> {
  const job_id = jobIdOf(context)
  const reason = reasonOf(context)
  const result = await fileText(context)
  const { client } = await connect(context)
  const input = { ...(await inHand(client, job_id)), reason, result: result ?? null }
  const answer = await client.work.escalate(input)
  return ended(context, answer, `waits for review ${answer.job.review_id ?? ''}`)
}
