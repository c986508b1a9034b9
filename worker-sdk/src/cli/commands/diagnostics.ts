/** Responsible for `diagnostics`: the tenant's self-check, with an exit code that a monitor can use. */
import { connect } from '../setup/connection.ts'
import type { CommandContext } from '../context.ts'
import { oneLine } from '../output/safe-text.ts'
import { showAge } from '../output/time-words.ts'

const mebibyte = 1_048_576

export async function diagnostics(context: CommandContext): Promise<number> {
  const { show, now } = context
  const { client } = await connect(context)
  const found = await client.diagnostics.run()
  const code = found.holds ? 0 : 1
  if (show.json) {
    show.value(found)
    return code
  }
  const { style } = show
  for (const { id, says, checked, holds, broken } of found.checks) {
    show.line(`${holds ? style.green('ok    ') : style.red('BROKEN')}  ${id.padEnd(3)}  ${says} ${style.dim(`(${checked} checked)`)}`)
    for (const one of broken) show.line(`          ${one.job_id === null ? '' : `job ${one.job_id}: `}${oneLine(one.detail)}`)
  }
  if (found.partial) show.line(style.yellow('Too many jobs wait or run for one check: only some of them were checked.'))
  const rows = Object.entries(found.storage.rows).map(([name, count]) => `${name} ${count}`)
  show.line()
  show.line(`stored   ${(found.storage.bytes / mebibyte).toFixed(1)} MiB: ${rows.join(', ')}`)
  show.line(`today    ${found.today.jobs} jobs, ${found.today.audit_rows} audit rows`)
  const { waiting, oldest_at, fork_at } = found.outbox
  const state = fork_at !== null ? style.red(`stopped: the archive holds another row ${fork_at}`) : waiting === 0 ? 'nothing waits' : ''
  show.line(
    `archive  ${state === '' ? `${waiting} rows wait${oldest_at === null ? '' : `, the oldest from ${showAge(oldest_at, now)}`}` : state}`,
  )
  for (const { what, used, limit, unit, source } of found.headroom) {
    const words = (value: number): string => (unit === 'bytes' ? `${(value / mebibyte).toFixed(0)} MiB` : String(value))
    show.line(`limit    ${what}: ${words(used)} of ${words(limit)} ${style.dim(source)}`)
  }
  return code
}
