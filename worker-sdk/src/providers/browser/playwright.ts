/**
 * Responsible for the `playwright` provider: one headless Chromium per job, driven by the JSON in the prompt, without access to private addresses
 * unless the operator allows them. browser-instructions.ts defines the steps.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Page, Request } from 'playwright-core'
import { type BrowserInstructions, parseInstructions } from './browser-instructions.ts'
import { type BrowserFound, findBrowser, launchBrowser } from './browser-launch.ts'
import { StepFailed, createStepRunner } from './browser-steps.ts'
import { type EgressProxy, ownAnswerHeader, startEgressProxy } from './egress-proxy.ts'
import type { Provider, ProviderCheck, ProviderOutcome, ProviderRun, ProviderSettings } from '../provider.ts'
import { failedOutcome, killGraceMs, stopReason } from '../stopped.ts'

const check = async (settings: ProviderSettings): Promise<ProviderCheck> => {
  const search = findBrowser(settings)
  return search.found ? { usable: true, detail: search.value.detail } : { usable: false, detail: `playwright: ${search.reason}` }
}

/** Exit code for instructions that cannot be parsed: a usage error (sysexits EX_USAGE). */
const unreadable = 64

const hostAndPort = (url: string): string => {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname.replace(/^\[|\]$/g, '')}:${port || (protocol === 'https:' ? 443 : 80)}`
}

/** Watches the page's own navigations: if the proxy refused one, the step that caused it must fail, whatever the browser shows instead. */
const watchNavigations = (page: Page, proxy: EgressProxy): { readonly trouble: () => Promise<string | undefined> } => {
  let trouble: string | undefined
  const isOwn = (request: Request): boolean => request.isNavigationRequest() && request.frame() === page.mainFrame()
  const note = (url: string): void => {
    trouble ??= proxy.troubleWith(hostAndPort(url))
  }
  page.on('response', (response) => {
    if (isOwn(response.request()) && response.headers()[ownAnswerHeader] !== undefined) note(response.url())
  })
  page.on('requestfailed', (request) => {
    if (isOwn(request)) note(request.url())
  })
  return {
    async trouble() {
      await nextTurn() // the event of a failed request can come shortly after the step's own failure
      return trouble
    },
  }
}

/** Playwright's messages contain a log of every attempt; the first line says what failed. */
const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''

const perform = async (run: ProviderRun, instructions: BrowserInstructions, page: Page, proxy: EgressProxy): Promise<string> => {
  const steps = createStepRunner(page, run.uploadArtifact)
  const watch = watchNavigations(page, proxy)
  for (const [index, step] of instructions.steps.entries()) {
    const label = `step ${index + 1} (${step.action})`
    await run.output(`${index + 1}/${instructions.steps.length} ${steps.describe(step)}\n`, 'stdout')
    const failure = await steps.perform(step, instructions).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    if (run.signal.aborted) throw stopReason(run.signal)
    // The last step may have started a navigation that has not finished yet.
    if (index === instructions.steps.length - 1) await page.waitForLoadState('domcontentloaded', { timeout: 5_000 }).catch(() => undefined)
    const trouble = await watch.trouble()
    if (trouble !== undefined) throw new StepFailed(`${label}: ${trouble}`)
    if (failure !== undefined) throw new StepFailed(`${label}: ${firstLine(failure.error)}`)
  }
  return JSON.stringify(await steps.yields(), null, 2)
}

const drive = async (run: ProviderRun, instructions: BrowserInstructions, found: BrowserFound): Promise<string> => {
  const proxy = await startEgressProxy({ allowHosts: run.settings.allowHosts ?? [] })
  proxy.onRefusal((reason) => void run.output(`[egress] ${reason}\n`, 'system'))
  try {
    const running = await launchBrowser(found, proxy.url, run.settings)
    const onAbort = (): void => void running.close(killGraceMs(run.signal))
    run.signal.addEventListener('abort', onAbort, { once: true })
    try {
      if (run.signal.aborted) throw stopReason(run.signal)
      if (running.withoutSandbox) await run.output('[browser] runs without its own sandbox on this machine\n', 'system')
      const context = await running.browser.newContext({
        acceptDownloads: true,
        serviceWorkers: 'block',
        ...(instructions.viewport === undefined ? {} : { viewport: instructions.viewport }),
      })
      return await perform(run, instructions, await context.newPage(), proxy)
    } finally {
      run.signal.removeEventListener('abort', onAbort)
      await running.close()
    }
  } finally {
    await proxy.close()
  }
}

const run = async (job: ProviderRun): Promise<ProviderOutcome> => {
  const instructions = parseInstructions(job.job.prompt)
  if (!instructions.ok) return { exitCode: unreadable, error: new Error(instructions.reason) }
  const search = findBrowser(job.settings)
  if (!search.found) return { exitCode: 127, error: new Error(search.reason) }
  try {
    return { exitCode: 0, result: await drive(job, instructions.value, search.value) }
  } catch (error) {
    const outcome = failedOutcome(error, job.signal)
    // Earlier steps may have ordered or paid something, so a timeout of a later step must not cause a repetition.
    return error instanceof StepFailed && !instructions.value.repeatable ? { ...outcome, final: true } : outcome
  }
}

export const playwrightProvider: Provider = { name: 'playwright', check, run }
