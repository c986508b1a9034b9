/** Responsible for the one list of providers, by the names that `--provider` takes. */
import { acpProvider } from './acp/acp.ts'
import { aiderProvider } from './aider.ts'
import { claudeProvider } from './claude.ts'
import { codexProvider } from './codex.ts'
import { httpProvider } from './http.ts'
import { lmstudioProvider } from './lmstudio.ts'
import { nocturneProvider } from './nocturne.ts'
import { ollamaHttpProvider } from './ollama-http.ts'
import { oneminProvider } from './onemin.ts'
import { playwrightProvider } from './playwright.ts'
import type { Provider } from './provider.ts'
import { spawnProvider } from './spawn.ts'

const providers = {
  claude: claudeProvider,
  aider: aiderProvider,
  codex: codexProvider,
  acp: acpProvider,
  'ollama-http': ollamaHttpProvider,
  lmstudio: lmstudioProvider,
  nocturne: nocturneProvider,
  onemin: oneminProvider,
  http: httpProvider,
  playwright: playwrightProvider,
  spawn: spawnProvider,
} as const satisfies Readonly<Record<string, Provider>>

export type ProviderName = keyof typeof providers

export const isProviderName = (name: string): name is ProviderName => Object.hasOwn(providers, name)

export const providerNames: readonly ProviderName[] = Object.keys(providers).filter(isProviderName)

/** The provider of that name. Providers keep no state between jobs: one may serve many slots. */
export const createProvider = (name: ProviderName): Provider => providers[name]

export type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from './provider.ts'
