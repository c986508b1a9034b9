/** Responsible for looking which providers this machine can run. It chooses none. */
import { findProgram } from '../../providers/child-process/program.ts'
import { createProvider, providerNames, type ProviderCheck, type ProviderName, type ProviderSettings } from '../../providers/index.ts'

export interface FoundProvider extends ProviderCheck {
  readonly name: ProviderName
  /** Whether there is something of it, if not all: a program without a login, a server without a model. */
  readonly present: boolean
  /** Where its program is, when only the login shell finds it. */
  readonly command?: string
}

/** Programs that a version manager may have put where only a login shell looks. */
const programs: Partial<Record<ProviderName, string>> = { claude: 'claude', codex: 'codex', aider: 'aider' }
const isPresent = ({ usable, detail }: ProviderCheck): boolean => usable || /not logged in|has no model|refuses the key/.test(detail)

/** Somebody waits at a prompt: what has not answered by then is not there. */
const searchMs = 15_000

export async function checkProvider(name: ProviderName, settings: ProviderSettings): Promise<FoundProvider> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<ProviderCheck>((resolve) => {
    timer = setTimeout(() => resolve({ usable: false, detail: `${name}: no answer within ${searchMs / 1000} s` }), searchMs)
  })
  try {
    const check = await Promise.race([createProvider(name).check(settings), late])
    return { name, present: isPresent(check), ...check }
  } catch (error) {
    return { name, present: false, usable: false, detail: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** As `checkProvider`; a program that this process does not find is looked for where the login shell would look. */
async function searchProvider(name: ProviderName, settings: ProviderSettings, shellPath: string | undefined): Promise<FoundProvider> {
  const found = await checkProvider(name, settings)
  const program = programs[name]
  if (program === undefined || found.present || shellPath === undefined || findProgram(program, settings.env) !== undefined) return found
  const command = findProgram(program, { ...settings.env, PATH: shellPath })
  if (command === undefined) return found
  const again = await checkProvider(name, { ...settings, command, env: { ...settings.env, PATH: shellPath } })
  const where = `${again.detail} (on the PATH of your login shell only: \`config set command ${command}\`, and start the worker with that PATH)`
  return { ...again, present: true, detail: where, command }
}

/**
 * All of them, the usable ones first, otherwise in their usual order. `type`: the one that `settings` are for; its command, a shell line or
 * an agent, is no other's.
 */
export async function searchProviders(
  settings: ProviderSettings,
  type: string | undefined,
  shellPath: Promise<string | undefined>,
): Promise<readonly FoundProvider[]> {
  const path = await shellPath
  const { command: _, ...others } = settings
  const found = await Promise.all(providerNames.map((name) => searchProvider(name, name === type ? settings : others, path)))
  return [...found.filter((one) => one.usable), ...found.filter((one) => !one.usable)]
}
