/** Responsible for `kill`: raises or clears the killswitch, and shows acknowledgements until every worker has acknowledged. */
import type { KillswitchState } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { pause } from '../../client/clock.ts'
import { localCodes } from '../../client/error.ts'
import { connect } from '../setup/connection.ts'
import type { CommandContext } from '../context.ts'
import { levelText } from '../output/killswitch-text.ts'
import { oneLine } from '../output/safe-text.ts'
import { showAge, showDuration } from '../output/time-words.ts'
import { UsageError } from '../arguments/usage-error.ts'

const defaultWaitMs = 30_000
const lookEveryMs = 500

export async function kill(context: CommandContext): Promise<number> {
  const { invocation } = context
  if (invocation.on('clear') && (invocation.has('level') || invocation.has('reason')))
    throw new UsageError('--clear cannot be combined with --level or --reason')
  if (invocation.on('resume-all') && !invocation.on('clear')) throw new UsageError('--resume-all goes with --clear')
  const { client } = await connect(context)
  return invocation.on('clear') ? clear(context, client) : raise(context, client)
}

async function clear(context: CommandContext, client: Client): Promise<number> {
  const { invocation, show } = context
  const state = await client.killswitch.clear(invocation.on('resume-all') ? { resume_all: true } : {})
  if (show.json) show.value(state)
  else
    show.line(
      `killswitch ${levelText(state)}${invocation.on('resume-all') ? '; workers take work again' : '; paused workers stay paused until they are resumed'}`,
    )
  return 0
}

async function raise(context: CommandContext, client: Client): Promise<number> {
  const { invocation, show } = context
  const level = invocation.count('level')
  const reason = invocation.text('reason')
  const begun = context.now
  const lower = invocation.on('lower') ? { lower: true } : {}
  const raised = await client.killswitch.raise({
    ...(level === undefined ? {} : { level }),
    ...lower,
    ...(reason === undefined ? {} : { reason }),
  })
  if (!show.json) show.line(show.style.red(`killswitch ${levelText(raised)}`))
  const state = invocation.on('no-wait') ? raised : await untilAcknowledged(context, client, raised)
  if (show.json) show.value(state)
  else if (!invocation.on('no-wait')) conclude(context, state, context.now - begun)
  return invocation.on('no-wait') || state.stragglers.length === 0 ? 0 : localCodes.timeout.exit
}

async function untilAcknowledged(context: CommandContext, client: Client, raised: KillswitchState): Promise<KillswitchState> {
  const until = context.now + (context.invocation.seconds('timeout') ?? defaultWaitMs / 1000) * 1000
  const leave = new AbortController()
  const off = context.system.onSignal(() => leave.abort())
  const told = new Set<string>()
  let state = raised
  try {
    for (;;) {
      tellNew(context, state, told)
      // Another member has changed the level, so no more acknowledgements of this generation will arrive.
      if (state.stragglers.length === 0 || state.generation !== raised.generation || leave.signal.aborted || context.now >= until)
        return state
      await pause(context.system.clock, Math.min(lookEveryMs, until - context.now), leave.signal)
      state = await client.killswitch.get({})
    }
  } finally {
    off()
  }
}

function tellNew(context: CommandContext, state: KillswitchState, told: Set<string>): void {
  const { show } = context
  for (const witness of state.acknowledged) {
    if (told.has(witness.worker_id)) continue
    told.add(witness.worker_id)
    if (show.json) continue
    if (show.human) show.line(`  ${show.style.green('stopped')}  ${oneLine(witness.name)}`)
    else show.line(`acknowledged\t${oneLine(witness.name)}\t${witness.acknowledged_at}`)
  }
}

function conclude(context: CommandContext, state: KillswitchState, tookMs: number): void {
  const { show } = context
  for (const witness of state.stragglers) {
    const jobs = witness.jobs ?? []
    const runs = jobs.length === 0 ? '' : `, may still run job ${jobs.slice(0, 10).join(', ')}${jobs.length > 10 ? ', ...' : ''}`
    if (show.human)
      show.line(
        `  ${show.style.yellow('silent')}   ${oneLine(witness.name)}, last seen ${showAge(witness.last_seen, context.now)} ago${runs}`,
      )
    else show.line(`straggler\t${oneLine(witness.name)}\t${witness.last_seen ?? ''}`)
  }
  const all = state.acknowledged.length + state.stragglers.length
  if (state.stragglers.length === 0) show.note(all === 0 ? 'No live workers' : `All ${all} acknowledged within ${showDuration(tookMs)}`)
  else
    show.note(
      `${state.stragglers.length} of ${all} have not acknowledged. The server gives them nothing and takes nothing from them; their processes may still run.`,
    )
}
