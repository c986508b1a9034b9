/** Responsible for the list of providers by the names that `--provider` accepts. */
import { acpProvider } from './acp/acp.ts'
import { aiderProvider } from './agents/aider.ts'
import { claudeProvider } from './agents/claude.ts'
import { codexProvider } from './agents/codex.ts'
import { httpProvider } from './http/http.ts'
import { lmstudioProvider } from './http/lmstudio.ts'
import { nocturneProvider } from './http/nocturne.ts'
import { ollamaHttpProvider } from './http/ollama-http.ts'
import { oneminProvider } from './http/onemin.ts'
import { playwrightProvider } from './browser/playwright.ts'
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

/** The provider with that name. Providers keep no state between jobs, so one provider can serve many slots. */
export const createProvider = (name: ProviderName): Provider => providers[name]

export type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from './provider.ts'
