/** Responsible for executing browser instructions on a page, one step after the other, and for their results. */
import { limits } from '@modelreins/contract'
import type { Download, Page } from 'playwright-core'
import type { BrowserInstructions, BrowserStep } from './browser-instructions.ts'
import type { ProviderRun } from '../provider.ts'

export interface BrowserFile {
  readonly name: string
  readonly url: string
  readonly bytes: number
}

/** The answer of a browser job, as JSON. */
export interface BrowserYield {
  readonly url: string
  readonly title: string
  readonly extracted: Readonly<Record<string, string | null | readonly (string | null)[]>>
  readonly screenshots: readonly BrowserFile[]
  readonly downloads: readonly BrowserFile[]
}

/** A step failed; the message names the step. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed'
}

type Upload = ProviderRun['uploadArtifact']

/** The most text that one job may extract. Larger data should be a download. */
const longestExtract = limits.result_bytes / 4

const fileName = (wanted: string, ending: string): string => {
  const clean =
    wanted
      .replace(/[^\w.() -]+/g, '_')
      .replace(/^\.+/, '')
      .slice(0, 120) || 'file'
  return ending === '' || clean.toLowerCase().endsWith(ending) ? clean : `${clean}${ending}`
}

const readDownload = async (download: Download): Promise<Buffer> => {
  const failure = await download.failure()
  if (failure !== null) throw new Error(`the download failed: ${failure}`)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of await download.createReadStream()) {
    const piece = Buffer.from(chunk)
    bytes += piece.byteLength
    if (bytes > limits.artifact_bytes) throw new Error(`the download is larger than ${limits.artifact_bytes} bytes`)
    chunks.push(piece)
  }
  return Buffer.concat(chunks)
}

/** A short sentence for the job's output. It never contains filled-in values, because they may be passwords. */
const describe = (step: BrowserStep): string => {
  switch (step.action) {
    case 'goto':
      return `goto ${step.url}`
    case 'fill':
    case 'select':
      return `${step.action} ${step.selector}`
    case 'press':
      return `press ${step.key}`
    case 'wait':
      return `wait ${step.selector ?? step.url ?? `${step.ms ?? 0} ms`}`
    case 'download':
      return `download ${step.selector ?? step.url ?? ''}`
    case 'extract':
      return `extract ${step.selector ?? 'page'}`
    case 'screenshot':
      return `screenshot ${step.selector ?? 'page'}`
    default:
      return `${step.action} ${step.selector}`
  }
}

export const createStepRunner = (page: Page, upload: Upload) => {
  const extracted: Record<string, string | null | (string | null)[]> = {}
  const screenshots: BrowserFile[] = []
  const downloads: BrowserFile[] = []
  let extractedLength = 0

  const extract = async (step: BrowserStep & { action: 'extract' }, timeout: number): Promise<void> => {
    const found = page.locator(step.selector ?? 'body')
    const { attribute } = step
    const readOne = (index: number): Promise<string | null> => {
      const one = found.nth(index)
      return attribute === undefined ? one.innerText({ timeout }) : one.getAttribute(attribute, { timeout })
    }
    // `all` without a match is an empty list; a single element without a match is an error after the timeout.
    const count = step.all === true ? await found.count() : 1
    const values: (string | null)[] = []
    for (let index = 0; index < count; index += 1) {
      const value = await readOne(index)
      extractedLength += value?.length ?? 0
      if (extractedLength > longestExtract) throw new Error(`more than ${longestExtract} characters were extracted`)
      values.push(value)
    }
    let name = step.name ?? step.selector ?? 'page'
    for (let again = 2; name in extracted; again += 1) name = `${step.name ?? step.selector ?? 'page'} (${again})`
    extracted[name] = step.all === true ? values : (values[0] ?? null)
  }

  const screenshot = async (step: BrowserStep & { action: 'screenshot' }, timeout: number): Promise<void> => {
    const options = { type: 'png', timeout } as const
    const body =
      step.selector === undefined
        ? await page.screenshot({ ...options, fullPage: step.full_page === true })
        : await page.locator(step.selector).first().screenshot(options)
    const name = fileName(step.name ?? `screenshot-${screenshots.length + 1}`, '.png')
    const { url } = await upload({ filename: name, contentType: 'image/png', body })
    screenshots.push({ name, url, bytes: body.byteLength })
  }

  const download = async (step: BrowserStep & { action: 'download' }, timeout: number): Promise<void> => {
    const begun = page.waitForEvent('download', { timeout })
    const cause =
      step.selector === undefined
        ? // Opening a file that downloads aborts the navigation, which is a success here.
          page.goto(step.url ?? '', { timeout }).then(
            () => undefined,
            (error: unknown) => (/Download is starting|ERR_ABORTED/.test(String(error)) ? undefined : error),
          )
        : page
            .locator(step.selector)
            .first()
            .click({ timeout })
            .then(
              () => undefined,
              (error: unknown) => error,
            )
    const failed = await Promise.race([cause, begun.then(() => undefined)])
    if (failed !== undefined) {
      begun.catch(() => undefined)
      throw failed
    }
    const file = await begun
    const body = await readDownload(file)
    const name = fileName(step.name ?? file.suggestedFilename(), '')
    const { url } = await upload({ filename: name, body })
    downloads.push({ name, url, bytes: body.byteLength })
  }

  const wait = async (step: BrowserStep & { action: 'wait' }, timeout: number): Promise<void> => {
    if (step.ms !== undefined) await page.waitForTimeout(step.ms)
    else if (step.url !== undefined) await page.waitForURL(step.url, { timeout })
    else
      await page
        .locator(step.selector ?? 'body')
        .first()
        .waitFor({ state: step.state ?? 'visible', timeout })
  }

  const perform = async (step: BrowserStep, timeout: number): Promise<void> => {
    switch (step.action) {
      case 'goto': {
        const response = await page.goto(step.url, { timeout, waitUntil: step.wait_until ?? 'load' })
        if (response !== null && response.status() >= 400) throw new Error(`${step.url} answered HTTP ${response.status()}`)
        return
      }
      case 'fill':
        return page.locator(step.selector).first().fill(step.value, { timeout })
      case 'click':
        return page.locator(step.selector).first().click({ timeout })
      case 'press':
        return step.selector === undefined
          ? page.keyboard.press(step.key)
          : page.locator(step.selector).first().press(step.key, { timeout })
      case 'select':
        return void (await page.locator(step.selector).first().selectOption(step.value, { timeout }))
      case 'wait':
        return wait(step, timeout)
      case 'extract':
        return extract(step, timeout)
      case 'screenshot':
        return screenshot(step, timeout)
      case 'download':
        return download(step, timeout)
      default:
        return step satisfies never
    }
  }

  return {
    describe,
    perform: (step: BrowserStep, instructions: BrowserInstructions) => perform(step, step.timeout_ms ?? instructions.timeout_ms),
    yields: async (): Promise<BrowserYield> => ({ url: page.url(), title: await page.title(), extracted, screenshots, downloads }),
  }
}
