/** Responsible for the one list of providers, by the names of seed 001; it knows none of their insides. */
import type { Provider } from './provider.ts'
import { spawnProvider } from './spawn.ts'

const providers = {
  spawn: spawnProvider,
} as const satisfies Readonly<Record<string, Provider>>

export type ProviderName = keyof typeof providers

export const isProviderName = (name: string): name is ProviderName => Object.hasOwn(providers, name)

export const providerNames: readonly ProviderName[] = Object.keys(providers).filter(isProviderName)

/** The provider of that name. Providers keep no state between jobs: one may serve many slots. */
export const createProvider = (name: ProviderName): Provider => providers[name]

export type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from './provider.ts'
