/** Responsible for one question: how quick and how quiet is the dashboard in a real browser, also with much to show? */
import type { Browser, CDPSession, Page } from 'playwright-core'
import { chromiumPath, launchBrowser } from '../test/support/dashboard.ts'
import { figure, percentile } from './measure.ts'
import type { Answer, Bench as BenchModule, Figure, Scale } from './measure.ts'
import { greet } from './our-queue.ts'
import { payload } from './peers/peer.ts'
import { post, startOurs } from './servers.ts'
import type { Bench } from './servers.ts'
import { copyFirstJob } from './tenant-file.ts'

const sizes = {
  full: { loads: 5, jobs: 100_000, workers: 10_000, scrollS: 10, events: 200, burst: 1_200, idleS: 30 },
  quick: { loads: 1, jobs: 2_000, workers: 20, scrollS: 2, events: 10, burst: 30, idleS: 3 },
} as const
type Size = (typeof sizes)[Scale]

const everySecond = 10
const slowdown = 4

interface Tab {
  readonly page: Page
  readonly cdp: CDPSession
  readonly close: () => Promise<void>
}

async function openTab(browser: Browser): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const cdp = await context.newCDPSession(page)
  await cdp.send('Performance.enable')
  return { page, cdp, close: () => context.close() }
}

async function signIn({ page }: Tab, url: string, key: string): Promise<void> {
  await page.goto(url)
  await page.getByLabel('Key or one-time link').fill(key)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('navigation', { name: 'Places' }).waitFor()
}

/** Milliseconds from the navigation until the field for the key can be written into, and bytes as sent, of a browser that has nothing. */
async function coldLoad(browser: Browser, url: string): Promise<{ readonly ms: number; readonly requests: number }> {
  const tab = await openTab(browser)
  await tab.cdp.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
  let requests = 0
  tab.page.on('request', () => (requests += 1))
  const begun = performance.now()
  await tab.page.goto(url, { waitUntil: 'commit' })
  await tab.page.getByLabel('Key or one-time link').fill('x')
  const ms = performance.now() - begun
  await tab.close()
  return { ms, requests }
}

async function seconds({ cdp }: Tab, name: 'TaskDuration' | 'ScriptDuration'): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find((metric) => metric.name === name)?.value ?? Number.NaN
}

async function heapBytes({ cdp }: Tab): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find((metric) => metric.name === 'JSHeapUsedSize')?.value ?? Number.NaN
}

/** Dispatches a job that the list tells of, and answers how long after it was asked for the frame with it was drawn. */
async function eventToPixel(tab: Tab, server: Bench, count: number): Promise<readonly number[]> {
  const found: number[] = []
  for (let index = 0; index < count; index += 1) {
    const prompt = `pixel ${index}`
    // Both clocks are this machine's.
    const drawn = tab.page.evaluate(
      `new Promise((resolve) => {
        const look = () => document.body.innerText.includes(${JSON.stringify(prompt)}) && (watcher.disconnect(), requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now())))
        const watcher = new MutationObserver(look)
        watcher.observe(document.body, { subtree: true, childList: true, characterData: true })
      })`,
    ) as Promise<number>
    await tab.page.evaluate('0')
    const asked = performance.timeOrigin + performance.now()
    await post(`${server.url}/api/v1/dispatch`, server.ownerKey, { prompt, thread_id: 'pixels', when_offline: 'queue' })
    found.push((await drawn) - asked)
  }
  return found
}

/** Milliseconds between frames while the list is scrolled by the wheel. */
async function framesWhileScrolling({ page }: Tab, scrollS: number): Promise<readonly number[]> {
  await page.mouse.move(640, 500)
  await page.evaluate(`globalThis.frames_ = []; globalThis.scrolling_ = true; {
    let last = performance.now()
    const next = (now) => { frames_.push(now - last); last = now; if (scrolling_) requestAnimationFrame(next) }
    requestAnimationFrame(next)
  }`)
  const until = performance.now() + scrollS * 1_000
  while (performance.now() < until) await page.mouse.wheel(0, 600)
  await page.evaluate('globalThis.scrolling_ = false')
  return ((await page.evaluate('frames_')) as number[]).slice(2)
}

async function run(scale: Scale): Promise<Answer> {
  if (chromiumPath === undefined) throw new Error('There is no Chromium on this machine: install it, or name one in MODELREINS_CHROMIUM.')
  const size: Size = sizes[scale]
  const browser = await launchBrowser()
  try {
    const figures = [
      ...(await served((server) => quietFigures(browser, server, size))),
      ...(await served((server) => crowdFigures(browser, server, size))),
    ]
    return {
      question: 'How quick and how quiet is the dashboard in a real browser, also with much to show?',
      figures,
      notes: [
        `Headless Chromium without a graphics processor, on the machine that also runs the server; cold loads with the browser's processor slowed down ${slowdown} times.`,
        `The heap is measured after a forced collection, before and after ${size.burst} jobs at ${everySecond} a second; each tells two events.`,
      ],
    }
  } finally {
    await browser.close()
  }
}

/** On a server of its own, with a worker and one job that waits. */
async function served(work: (server: Bench) => Promise<readonly Figure[]>): Promise<readonly Figure[]> {
  const server = await startOurs({ pages: true })
  try {
    const { token } = await server.register('bench')
    await greet(server, token)
    await post(`${server.url}/api/v1/dispatch`, server.ownerKey, payload)
    return await work(server)
  } finally {
    await server.stop()
  }
}

const quietFigures = async (browser: Browser, server: Bench, size: Size): Promise<readonly Figure[]> => [
  ...(await loadFigures(browser, server.url, size)),
  ...(await liveFigures(browser, server, size)),
]

async function loadFigures(browser: Browser, url: string, { loads }: Size): Promise<readonly Figure[]> {
  const times: number[] = []
  const requests: number[] = []
  for (let round = 0; round < loads; round += 1) {
    const load = await coldLoad(browser, url)
    times.push(load.ms)
    requests.push(load.requests)
  }
  return [
    figure(`cold load until the sign-in form takes a key, processor ${slowdown}x slower`, 'ms', times),
    figure('requests of that load', '', requests),
  ]
}

async function liveFigures(browser: Browser, server: Bench, { events, idleS, burst }: Size): Promise<readonly Figure[]> {
  const tab = await openTab(browser)
  await signIn(tab, `${server.url}/chat?thread=pixels`, server.ownerKey)
  await tab.page.getByRole('status', { name: 'Connection' }).getByText('Live').waitFor()
  const pixels = await eventToPixel(tab, server, events)
  await tab.page.goto(`${server.url}/jobs`)
  await tab.page.getByRole('status', { name: 'Connection' }).getByText('Live').waitFor()
  await tab.page.waitForLoadState('networkidle')
  let asked = 0
  tab.page.on('request', () => (asked += 1))
  const before = await seconds(tab, 'TaskDuration')
  await new Promise((resolve) => setTimeout(resolve, idleS * 1_000))
  const idleMs = ((await seconds(tab, 'TaskDuration')) - before) * 1_000
  const idleRequests = asked
  const heapBefore = await heapBytes(tab)
  for (let sent = 0; sent < burst; sent += 1) {
    const begun = performance.now()
    await post(`${server.url}/api/v1/dispatch`, server.ownerKey, { ...payload, when_offline: 'queue' })
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 1_000 / everySecond - (performance.now() - begun))))
  }
  const heapAfter = await heapBytes(tab)
  await tab.close()
  return [
    { ...figure('from a dispatch to the frame that shows its job, p50', 'ms', pixels, '<= 100') },
    { what: 'from a dispatch to the frame that shows its job, p99', value: percentile(pixels, 0.99), unit: 'ms', raw: pixels },
    figure('an idle tab that is looked at: main thread per minute', 'ms', [(idleMs / idleS) * 60]),
    figure('an idle tab that is looked at: requests per minute', '', [(idleRequests / idleS) * 60]),
    figure(`heap after ${burst} jobs at ${everySecond} a second, against before`, 'MiB', [(heapAfter - heapBefore) / 1_048_576]),
    figure('heap before', 'MiB', [heapBefore / 1_048_576]),
  ]
}

async function crowdFigures(browser: Browser, server: Bench, { jobs, workers, scrollS }: Size): Promise<readonly Figure[]> {
  for (let made = 0; made < workers; made += 20)
    await Promise.all(Array.from({ length: Math.min(20, workers - made) }, (_, index) => server.register(`crowd-${made + index}`)))
  const url = await server.restartAfter((folder) => copyFirstJob(folder, jobs))
  const tab = await openTab(browser)
  await signIn(tab, `${url}/jobs`, server.ownerKey)
  await tab.page.getByRole('grid', { name: 'Jobs' }).getByRole('row').nth(5).waitFor()
  const frames = await framesWhileScrolling(tab, scrollS)
  const reached = Number(await tab.page.evaluate('document.querySelectorAll("[role=row]").length'))
  await tab.page.goto(`${url}/workers`)
  await tab.page.getByRole('grid', { name: 'Workers' }).getByRole('row').nth(2).waitFor()
  const workerFrames = await framesWhileScrolling(tab, scrollS)
  await tab.close()
  const told = (what: string, raw: readonly number[]): Figure[] => [
    {
      what: `${what}: frames a second`,
      value: 1_000 / (raw.reduce((sum, ms) => sum + ms, 0) / raw.length),
      unit: '/s',
      raw,
      target: '>= 55',
    },
    { what: `${what}: p99 between two frames`, value: percentile(raw, 0.99), unit: 'ms', raw: [] },
  ]
  return [
    ...told(`scrolling a list of ${jobs.toLocaleString('en')} jobs`, frames),
    figure('rows in the document meanwhile', '', [reached]),
    ...told(`scrolling a list of ${workers.toLocaleString('en')} workers`, workerFrames),
  ]
}

export const bench: BenchModule = {
  about: 'the dashboard in Chromium: load, event to pixel, idle cost, long lists',
  expectedS: { full: 330, quick: 30 },
  run,
}
