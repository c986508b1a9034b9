/** Responsible for `schedules`: list, create, show, pause, resume, run by hand, list runs, delete. */
import { scheduleRef, scheduleRequest, scheduleRunList, shownJson, type Schedule, type ScheduleRun } from '@modelreins/contract'
import { confirmed } from '../confirm.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import { requestOf } from '../arguments/job-request.ts'
import type { Column } from '../output/presenter.ts'
import { oneLine } from '../output/safe-text.ts'
import { momentOf } from '../arguments/time-flag.ts'
import { showAge } from '../output/time-words.ts'
import { UsageError } from '../arguments/usage-error.ts'

const ruleOf = (schedule: Schedule): string =>
  schedule.cron === null ? `every ${schedule.every} s` : `${schedule.cron} ${schedule.timezone}`

const stateOf = (schedule: Schedule): string => (schedule.paused ? 'paused' : schedule.next_runs.length === 0 ? 'ended' : 'active')

const columns: readonly Column<Schedule>[] = [
  { title: 'ID', cell: (schedule) => schedule.schedule_id },
  {
    title: 'STATE',
    cell: stateOf,
    paint: (schedule, style) => (stateOf(schedule) === 'active' ? style.green : style.yellow),
  },
  { title: 'NEXT', cell: (schedule) => schedule.next_runs[0] ?? '', human: (schedule) => schedule.next_runs[0] ?? '-' },
  {
    title: 'LAST',
    cell: (schedule) => schedule.last_runs[0]?.outcome ?? '',
    human: (schedule) => schedule.last_runs[0]?.outcome ?? '-',
    paint: (schedule, style) => (schedule.last_runs[0]?.outcome === 'refused' ? style.red : style.green),
  },
  { title: 'RULE', cell: ruleOf },
  { title: 'NAME', cell: (schedule) => schedule.name, wide: true },
]

const runColumns = (now: number): readonly Column<ScheduleRun>[] => [
  { title: 'DUE', cell: (run) => run.due_at ?? 'by hand' },
  { title: 'AGE', cell: (run) => run.at, human: (run) => showAge(run.at, now), right: true },
  {
    title: 'OUTCOME',
    cell: (run) => run.outcome,
    paint: (run, style) => (run.outcome === 'dispatched' ? style.green : run.outcome === 'refused' ? style.red : style.yellow),
  },
  { title: 'JOB', cell: (run) => (run.job_id === null ? '' : String(run.job_id)), right: true },
  { title: 'DETAIL', cell: (run) => run.detail ?? run.code ?? '', wide: true },
]

export async function schedules(context: CommandContext): Promise<number> {
  const { show } = context
  const { client } = await connect(context)
  const items: Schedule[] = []
  let cursor: string | undefined
  do {
    const page = await client.schedules.list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    items.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  if (show.json) show.value({ items })
  else if (items.length > 0) show.table(columns, items)
  else show.note('No schedules')
  return 0
}

export async function schedulesCreate(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const job = await requestOf(context, 'schedules create')
  const request = checked(
    scheduleRequest,
    {
      name: invocation.text('name') ?? oneLine(job.prompt).slice(0, 60).trim(),
      cron: invocation.text('cron'),
      every: invocation.seconds('every'),
      timezone: invocation.text('timezone'),
      overlap: invocation.text('overlap'),
      catch_up: invocation.text('catch-up'),
      jitter: invocation.seconds('jitter'),
      starts_at: momentOf(context, 'starts-at', 'ahead'),
      ends_at: momentOf(context, 'ends-at', 'ahead'),
      max_runs: invocation.count('max-runs'),
      paused: invocation.on('paused') ? true : undefined,
      job,
    },
    { name: (path) => `--${path.replace(/^job\./, '').replaceAll('_', '-')}` },
  )
  const { client } = await connect(context)
  const made = await client.schedules.create(request)
  if (show.json) show.value(made)
  else if (show.human) show.line(`${show.style.green(`Schedule ${made.schedule_id}`)} ${made.name}: ${nextText(made)}`)
  else show.line(made.schedule_id)
  return 0
}

const nextText = (schedule: Schedule): string => {
  const [next] = schedule.next_runs
  return next === undefined ? stateOf(schedule) : `due next at ${next}`
}

const approvalText = ({ by, expires_at, void: why }: Schedule['approvals'][number]): string =>
  `approved by ${by} until ${expires_at}${why === undefined ? '' : `, no longer valid: ${why}`}`

async function shown(context: CommandContext, schedule: Schedule): Promise<number> {
  const { show } = context
  if (show.json) show.value(schedule)
  else {
    show.line(`${schedule.schedule_id} ${schedule.name}: ${stateOf(schedule)}, ${ruleOf(schedule)}, overlap ${schedule.overlap}`)
    for (const next of schedule.next_runs) show.line(`  due ${next}`)
    for (const approval of schedule.approvals) show.line(`  ${approvalText(approval)}`)
    if (schedule.last_runs.length > 0) show.table(runColumns(context.now), schedule.last_runs)
  }
  return 0
}

/** Rejects a name in place of an id. The message here can mention `schedules`, while the server's could only describe the form of an id. */
function idOf({ invocation }: CommandContext): string {
  const given = invocation.argument(0) ?? ''
  const found = scheduleRef.safeParse({ schedule_id: given })
  if (!found.success) throw new UsageError(`"${oneLine(given)}" is not the id of a schedule`, 'schedules lists them')
  return found.data.schedule_id
}

export async function schedulesShow(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  return shown(context, await client.schedules.get({ schedule_id: idOf(context) }))
}

const setPaused =
  (paused: boolean) =>
  async (context: CommandContext): Promise<number> => {
    const { client } = await connect(context)
    const schedule = await client.schedules.update({ schedule_id: idOf(context), paused })
    if (context.show.json) context.show.value(schedule)
    else context.show.note(`Schedule ${schedule.schedule_id} is ${paused ? 'paused' : nextText(schedule)}`)
    return 0
  }
export const schedulesPause = setPaused(true)
export const schedulesResume = setPaused(false)

export async function schedulesRun(context: CommandContext): Promise<number> {
  const { show } = context
  const { client } = await connect(context)
  const { run } = await client.schedules.run({ schedule_id: idOf(context) })
  if (show.json) show.value(run)
  else show.line(show.human ? `job ${run.job_id}` : String(run.job_id))
  return 0
}

export async function schedulesRuns(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const query = checked(scheduleRunList, {
    schedule_id: idOf(context),
    limit: invocation.count('limit'),
    cursor: invocation.text('cursor'),
  })
  const { client } = await connect(context)
  const page = await client.schedules.runs(query)
  if (show.json) show.value(page)
  else if (page.items.length > 0) show.table(runColumns(context.now), page.items)
  else show.note('It was not due yet')
  if (page.next_cursor !== null) show.note(show.errorStyle.dim(`more: --cursor ${page.next_cursor}`))
  return 0
}

export async function schedulesApprove(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const { client } = await connect(context)
  const schedule_id = idOf(context)
  const schedule = await client.schedules.get({ schedule_id })
  const bounds = { starts_at: schedule.starts_at, ends_at: schedule.ends_at, max_runs: schedule.max_runs }
  show.warn(`${schedule.name}: ${ruleOf(schedule)}, created or last changed by ${schedule.owner ?? 'a member who is gone'}`)
  show.warn(shownJson({ job: schedule.job, ...bounds }, 2))
  if (!(await confirmed(context, `Approve schedule ${schedule_id}? Its jobs will then start without separate reviews.`))) {
    show.note('Cancelled: nothing was changed')
    return 1
  }
  const expires_in = invocation.seconds('expires-in')
  const approved = await client.schedules.approve({
    schedule_id,
    digest: schedule.digest,
    ...(expires_in === undefined ? {} : { expires_in }),
  })
  if (show.json) show.value(approved)
  else for (const approval of approved.approvals) show.line(`${schedule_id} ${approvalText(approval)}`)
  return 0
}

export async function schedulesRevokeApproval(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const schedule = await client.schedules.revokeApproval({ schedule_id: idOf(context) })
  if (context.show.json) context.show.value(schedule)
  else context.show.note(`Schedule ${schedule.schedule_id} has no approvals: each of its jobs needs a decision`)
  return 0
}

export async function schedulesDelete(context: CommandContext): Promise<number> {
  const schedule_id = idOf(context)
  const { client } = await connect(context)
  if (!(await confirmed(context, `Delete schedule ${schedule_id} and the list of its runs?`))) {
    context.show.note('Cancelled: nothing was changed')
    return 1
  }
  const done = await client.schedules.delete({ schedule_id })
  if (context.show.json) context.show.value(done)
  else context.show.note(`Schedule ${schedule_id} is deleted`)
  return 0
}
