/**
 * Responsible for `service install/uninstall/status`: prints the files that it writes and the commands that it runs. Each system's plan defines them.
 */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { programName } from '../arguments/command.ts'
import { configKeys, keyNamed, overriddenBy, valueIn } from '../setup/config-keys.ts'
import type { CommandContext } from '../context.ts'
import { launchdPlan } from '../service/launchd.ts'
import type { ServicePlan, ServiceRequest, ServiceStep } from '../service/plan.ts'
import { systemdPlan } from '../service/systemd.ts'
import { windowsPlan } from '../service/windows.ts'
import { oneLine } from '../output/safe-text.ts'
import { settingFlags } from '../table/flags.ts'
import { UsageError } from '../arguments/usage-error.ts'
import { resolvedSettings } from '../setup/worker-settings.ts'

/** Time after the worker's own shutdown limit, for its last deliveries. */
const windDownMs = 15_000
const plans: Partial<Record<NodeJS.Platform, (request: ServiceRequest) => ServicePlan>> = {
  linux: systemdPlan,
  darwin: launchdPlan,
  win32: windowsPlan,
}

function planFor(context: CommandContext): ServicePlan {
  const { system, invocation } = context
  const plan = plans[system.platform]
  if (plan === undefined)
    throw new UsageError(`There is no background service for ${system.platform} here`, 'start it with the service manager of this system')
  const flags = settingFlags.flatMap(({ name }) => {
    const value = invocation.text(name)
    if (value === undefined) return []
    return value === 'true' && invocation.on(name) ? [`--${name}`] : [`--${name}=${value}`]
  })
  return plan({
    name: invocation.text('name'),
    command: [...system.program, 'run', `--config=${resolve(context.configPath)}`, ...flags],
    home: system.home,
    env: context.env,
    userId: system.userId,
    configFolder: dirname(resolve(context.configPath)),
    stopMs: resolvedSettings(context).graceMs + windDownMs,
  })
}

export async function serviceInstall(context: CommandContext): Promise<number> {
  const { show, invocation, system } = context
  const dry = invocation.on('dry-run')
  if (!dry) requireConfig(context)
  const plan = planFor(context)
  if (/[\\/]_npx[\\/]/.test(system.program[1])) {
    throw new UsageError(
      'This program runs from the cache of npx, which may be deleted at any time',
      `npm install -g ${programName}, then ${programName} service install`,
    )
  }
  warnOfVariables(context)
  show.line(`# ${plan.file.path}`)
  show.line(plan.file.content.trimEnd())
  show.line()
  if (!dry) writeServiceFile(plan)
  const code = await perform(context, plan.install, dry)
  if (code === 0) for (const note of plan.notes) show.note(note)
  return code
}

/** A service does not inherit a shell's environment, so server and token must be in the file. */
function requireConfig(context: CommandContext): void {
  const config = context.config()
  for (const key of [keyNamed('server'), keyNamed('token')]) {
    if (valueIn(config, key) !== undefined || (key.name === 'server' && context.invocation.has('server'))) continue
    throw new UsageError(
      `The service reads ${context.configPath}, and that has no ${key.name}`,
      `${programName} --setup, or ${programName} config set ${key.name}`,
    )
  }
}

function warnOfVariables(context: CommandContext): void {
  const unseen = configKeys.flatMap((key) => {
    const variable = overriddenBy(key, context.env)
    return variable === undefined || key.setting === undefined ? [] : [variable]
  })
  if (unseen.length > 0) context.show.warn(`The service does not see the variables of this shell: ${unseen.join(', ')}`)
}

function writeServiceFile({ file }: ServicePlan): void {
  mkdirSync(dirname(file.path), { recursive: true })
  const fresh = `${file.path}.new`
  // Task Scheduler requires the byte order mark.
  writeFileSync(fresh, file.encoding === 'utf16le' ? `\uFEFF${file.content.replaceAll('\n', '\r\n')}` : file.content, {
    encoding: file.encoding,
    mode: 0o644,
  })
  chmodSync(fresh, 0o644)
  renameSync(fresh, file.path)
}

async function perform(context: CommandContext, steps: readonly ServiceStep[], dry: boolean): Promise<number> {
  const { show } = context
  for (const { command, mayFail } of steps) {
    const [file = '', ...args] = command
    show.line(`$ ${command.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(' ')}`)
    if (dry) continue
    const { code, output } = await context.system.runProgram(file, args)
    if (code === 0 || mayFail === true) continue
    for (const line of output.split('\n')) show.warn(`  ${oneLine(line)}`)
    show.warn(`${file} ended with exit code ${code}${code === 127 ? ': this system has no such service manager' : ''}`)
    return 69
  }
  return 0
}

export async function serviceUninstall(context: CommandContext): Promise<number> {
  const { show, invocation } = context
  const plan = planFor(context)
  const dry = invocation.on('dry-run')
  const installed = existsSync(plan.file.path)
  if (!installed && !dry) {
    show.note(`${plan.label} is not installed`)
    return 0
  }
  const stopped = await perform(context, plan.beforeRemoval, dry)
  show.line(`# removed ${plan.file.path}`)
  if (!dry) rmSync(plan.file.path, { force: true })
  return stopped === 0 ? perform(context, plan.afterRemoval, dry) : stopped
}

export async function serviceStatus(context: CommandContext): Promise<number> {
  const { show } = context
  const plan = planFor(context)
  if (!existsSync(plan.file.path)) {
    show.line(`${plan.label}: not installed`)
    return 66
  }
  const [file = '', ...args] = plan.status
  const { code, output } = await context.system.runProgram(file, args)
  show.line(`${plan.label}: ${code === 0 ? 'runs' : 'does not run'}`)
  if (output !== '') show.note(show.errorStyle.dim(output))
  return code === 0 ? 0 : 69
}
