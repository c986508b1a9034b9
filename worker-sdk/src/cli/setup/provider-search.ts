/** Responsible for finding which providers this machine can run. It chooses none. */
import { findProgram } from '../../providers/child-process/program.ts'
import { createProvider, providerNames, type ProviderCheck, type ProviderName, type ProviderSettings } from '../../providers/index.ts'

export interface FoundProvider extends ProviderCheck {
  readonly name: ProviderName
  /** Whether the provider is at least partly installed: a program without a login, a server without a model. */
  readonly present: boolean
  /** Path of its program, when only the login shell finds it. */
  readonly command?: string
}

/** Programs that a version manager may have installed where only a login shell finds them. */
const programs: Partial<Record<ProviderName, string>> = { claude: 'claude', codex: 'codex', aider: 'aider' }
const isPresent = ({ usable, detail }: ProviderCheck): boolean => usable || /not logged in|has no model|refuses the key/.test(detail)

/** Time limit, because a user waits at a prompt. Providers that have not answered by then count as missing. */
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

/** Like `checkProvider`, but searches the login shell's PATH for a program that this process does not find. */
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
 * Checks all providers; the usable ones come first, otherwise in their usual order. `type`: the provider that `settings` are for. Its `command`, a
 * shell line or an agent, is not used for any other.
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
