/** Responsible for running a worker in the foreground: start, signals, and the exit code that states why it ended. */
import { problems, type ProblemCode } from '@modelreins/contract'
import { findSetting, resolveOptions } from '../../worker/settings/options.ts'
import { Worker } from '../../worker/worker.ts'
import { programName } from '../arguments/command.ts'
import type { CommandContext } from '../context.ts'
import { RunLog } from '../output/run-log.ts'
import type { StopSignal } from '../system.ts'
import { defaultOutbox, workerOptions } from '../setup/worker-settings.ts'

/** As long as a timer may reasonably last. A person who wants the end sooner presses Ctrl-C again. */
const untilDoneMs = 86_400_000
const interruptedExit = 130
/** A closed terminal, or Ctrl-\, leaves no time to finish jobs, but processes that a job started must still be ended. */
const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(problems, code)

export async function run(context: CommandContext): Promise<number> {
  const options = await workerOptions(context)
  const resolved = resolveOptions(options, context.env, context.config())
  const { exposed = [] } = context.system
  if (exposed.length > 0)
    context.show.warn(
      `${exposed.join(', ')}: jobs of this user can read what this process was started with; \`${programName} config set token -\` keeps the token elsewhere`,
    )
  const outboxFile = resolved.outboxFile ?? defaultOutbox(context, resolved)
  const worker = new Worker({
    ...options,
    env: context.env,
    fetch: context.fetch,
    ...(outboxFile === undefined ? {} : { outboxFile }),
  })
  const log = new RunLog(context)
  const slots = resolved.slots === 1 ? '' : `, ${resolved.slots} at a time`
  log.attach(worker, `${resolved.type ?? ''}${resolved.model === undefined ? '' : ` ${resolved.model}`}${slots}`)

  let lastTrouble: string | undefined
  let killed = false
  worker.on('error', ({ type }) => {
    lastTrouble = type
  })
  worker.on('killswitch', () => {
    killed = true
  })
  const stopped = new Promise<void>((resolve) => {
    worker.on('stopped', () => resolve())
  })
  const graceIsSet = findSetting('graceMs', options, context.env, context.config()).origin !== 'default'
  let presses = 0
  let atOnce = false
  const off = context.system.onSignal((signal) => {
    presses += 1
    if (presses > 1 || signal === 'SIGHUP' || signal === 'SIGQUIT') {
      if (!atOnce && !context.show.json) log.say('stopping at once: running jobs are handed back')
      atOnce = true
      void worker.stop({ graceMs: 0 })
      return
    }
    const patient = signal === 'SIGINT' && !graceIsSet
    if (log.running > 0 && !context.show.json) log.say(drainText(log.running, patient ? undefined : resolved.graceMs, signal))
    void worker.stop({ graceMs: patient ? untilDoneMs : resolved.graceMs })
  }, stopSignals)
  try {
    await worker.start()
    await stopped
  } catch (error) {
    await worker.stop({ graceMs: 0 })
    if (presses === 0) throw error
  } finally {
    off()
  }
  if (presses > 0) return atOnce ? interruptedExit : 0
  if (killed) return problems.killswitch.exit
  // Nobody asked the worker to stop, so the server must have rejected it; the last problem says why.
  return lastTrouble !== undefined && isProblemCode(lastTrouble) ? problems[lastTrouble].exit : problems.internal.exit
}

function drainText(running: number, graceMs: number | undefined, signal: string): string {
  const jobs = `${running} job${running === 1 ? '' : 's'}`
  const limit = graceMs === undefined ? '' : ` for up to ${Math.round(graceMs / 1000)}s`
  return `draining: no new jobs, waiting for ${jobs}${limit}${signal === 'SIGINT' ? '; Ctrl-C again stops at once' : ''}`
}
