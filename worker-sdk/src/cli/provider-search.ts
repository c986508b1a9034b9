/** Responsible for looking which providers this machine can run. It chooses none. */
import { createProvider, providerNames, type ProviderCheck, type ProviderName, type ProviderSettings } from '../providers/index.ts'

export interface FoundProvider extends ProviderCheck {
  readonly name: ProviderName
}

/** Somebody waits at a prompt: what has not answered by then is not there. */
const searchMs = 15_000

export async function checkProvider(name: ProviderName, settings: ProviderSettings): Promise<FoundProvider> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<ProviderCheck>((resolve) => {
    timer = setTimeout(() => resolve({ usable: false, detail: `${name}: no answer within ${searchMs / 1000} s` }), searchMs)
  })
  try {
    return { name, ...(await Promise.race([createProvider(name).check(settings), late])) }
  } catch (error) {
    return { name, usable: false, detail: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}

/** All of them, the usable ones first, otherwise in their usual order. */
export async function searchProviders(settings: ProviderSettings): Promise<readonly FoundProvider[]> {
  const found = await Promise.all(providerNames.map((name) => checkProvider(name, settings)))
  return [...found.filter((one) => one.usable), ...found.filter((one) => !one.usable)]
}
