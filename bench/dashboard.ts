/** Responsible for one question: how fast is the dashboard in a real browser, and how much work does it cause, also with much data? */
import { setTimeout as pause } from 'node:timers/promises'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { chromiumPath, launchBrowser } from '../test/support/dashboard.ts'
import { atLeast, atMost, figure, inLanes, percentile } from './measure.ts'
import type { Answer, Bench, Figure, Scale } from './measure.ts'
import { greet } from './our-queue.ts'
import { payload } from './peers/peer.ts'
import { post, startOurs } from './servers.ts'
import type { OurServer } from './servers.ts'
import { copyFirstJob } from './tenant-file.ts'

const sizes = {
  full: { loads: 5, jobs: 100_000, workers: 10_000, scrollS: 10, events: 200, burst: 1_200, hour: 36_000, idleS: 30 },
  quick: { loads: 1, jobs: 2_000, workers: 20, scrollS: 2, events: 10, burst: 20, hour: 1_000, idleS: 2 },
} as const
type Size = (typeof sizes)[Scale]

const everySecond = 10
/** Most events that one call causes while a tab receives an hour of them. */
const atOnce = 500
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

/** Milliseconds from the navigation until the key can be typed, and bytes as sent, for a browser with an empty cache. */
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

/** The size of the page's heap, or the number of its document's nodes, after a garbage collection. */
async function kept({ cdp }: Tab, name: 'JSHeapUsedSize' | 'Nodes'): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  return metrics.find((metric) => metric.name === name)?.value ?? Number.NaN
}
const heapBytes = (tab: Tab): Promise<number> => kept(tab, 'JSHeapUsedSize')

/**
 * Sends the number of events of an hour at ten a second, as fast as the tab can process them: half dispatches, half aborts. Each call is sent once
 * the frames of the previous one have arrived and the page is idle. The memory that a page keeps per event does not depend on their rate.
 */
async function anHour(tab: Tab, server: OurServer, events: number): Promise<{ readonly seconds: number }> {
  let frames = 0
  let arrived = (): void => undefined
  await tab.cdp.send('Network.enable')
  tab.cdp.on('Network.webSocketFrameReceived', ({ response }) => {
    if (!response.payloadData.includes('"event"')) return
    frames += 1
    arrived()
  })
  const until = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the tab heard of ${frames} of ${count} events within 30 s`)), 30_000)
      arrived = () => {
        if (frames < count) return
        clearTimeout(late)
        resolve()
      }
      arrived()
    })
  const free = () => tab.page.evaluate('new Promise((resolve) => setTimeout(() => requestAnimationFrame(() => resolve(0))))')
  const begun = performance.now()
  const jobs = Array.from({ length: atOnce }, () => ({ ...payload, when_offline: 'queue' }))
  let told = 0
  for (let made = 0; made < events / 2; made += atOnce) {
    await post(`${server.url}/api/v1/dispatch/batch`, server.ownerKey, { jobs })
    await until((told += atOnce))
    await free()
  }
  for (;;) {
    const { count, remaining } = await post<{ readonly count: number; readonly remaining: number }>(
      `${server.url}/api/v1/jobs/abort`,
      server.ownerKey,
      { all: true, reason: 'an hour has passed' },
    )
    await until((told += count))
    await free()
    if (remaining === 0) break
  }
  return { seconds: (performance.now() - begun) / 1_000 }
}

/** Dispatches jobs that the list shows; returns the milliseconds from each dispatch until the frame with the job was drawn. */
async function eventToPixel(tab: Tab, server: OurServer, count: number): Promise<readonly number[]> {
  const found: number[] = []
  for (let index = 0; index < count; index += 1) {
    const prompt = `pixel ${index}`
    // The page and this process run on one machine, so their clocks can be compared.
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

/** Milliseconds between frames while the list scrolls by the wheel. */
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
        `The ${size.hour.toLocaleString('en')} events come ${atOnce} or more at a time, each lot once the tab has taken in the one before: half dispatches, half aborts.`,
      ],
    }
  } finally {
    await browser.close()
  }
}

/** Runs `work` with its own server, a worker and one waiting job. */
async function served(work: (server: OurServer) => Promise<readonly Figure[]>): Promise<readonly Figure[]> {
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

const quietFigures = async (browser: Browser, server: OurServer, size: Size): Promise<readonly Figure[]> => [
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

async function liveFigures(browser: Browser, server: OurServer, { events, idleS, burst, hour }: Size): Promise<readonly Figure[]> {
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
  await pause(idleS * 1_000)
  const idleMs = ((await seconds(tab, 'TaskDuration')) - before) * 1_000
  const idleRequests = asked
  const heapBefore = await heapBytes(tab)
  for (let sent = 0; sent < burst; sent += 1) {
    const begun = performance.now()
    await post(`${server.url}/api/v1/dispatch`, server.ownerKey, { ...payload, when_offline: 'queue' })
    await pause(Math.max(0, 1_000 / everySecond - (performance.now() - begun)))
  }
  const heapAfter = await heapBytes(tab)
  const nodesBefore = await kept(tab, 'Nodes')
  const passed = await anHour(tab, server, hour)
  // Waits until the last refreshes are over.
  await tab.page.waitForLoadState('networkidle')
  await pause(2_000)
  const heapHour = await heapBytes(tab)
  const nodesHour = await kept(tab, 'Nodes')
  await tab.close()
  return [
    figure('from a dispatch to the frame that shows its job, p50', 'ms', pixels, atMost(100)),
    { what: 'from a dispatch to the frame that shows its job, p99', value: percentile(pixels, 0.99), unit: 'ms', raw: pixels },
    figure('an idle tab that is looked at: main thread per minute', 'ms', [(idleMs / idleS) * 60]),
    figure('an idle tab that is looked at: requests per minute', '', [(idleRequests / idleS) * 60]),
    figure(`heap after ${burst} jobs at ${everySecond} a second, against before`, 'MiB', [(heapAfter - heapBefore) / 1_048_576]),
    figure(
      `heap after ${hour.toLocaleString('en')} events${hour === 36_000 ? ', an hour of ten a second' : ''}, against before`,
      'MiB',
      [(heapHour - heapAfter) / 1_048_576],
      atMost(10),
    ),
    figure('nodes of the document after them, against before', '', [nodesHour - nodesBefore]),
    figure('events a second that the tab took in meanwhile', '/s', [hour / passed.seconds]),
    figure('heap before', 'MiB', [heapBefore / 1_048_576]),
  ]
}

async function crowdFigures(browser: Browser, server: OurServer, { jobs, workers, scrollS }: Size): Promise<readonly Figure[]> {
  await inLanes(workers, 20, (index) => server.register(`crowd-${index}`))
  await server.restartAfter((folder) => copyFirstJob(folder, jobs))
  const tab = await openTab(browser)
  await signIn(tab, `${server.url}/jobs`, server.ownerKey)
  await tab.page.getByRole('grid', { name: 'Jobs' }).getByRole('row').nth(5).waitFor()
  const frames = await framesWhileScrolling(tab, scrollS)
  const reached = Number(await tab.page.evaluate('document.querySelectorAll("[role=row]").length'))
  await tab.page.goto(`${server.url}/workers`)
  await tab.page.getByRole('grid', { name: 'Workers' }).getByRole('row').nth(2).waitFor()
  const workerFrames = await framesWhileScrolling(tab, scrollS)
  await tab.close()
  const told = (what: string, raw: readonly number[]): Figure[] => [
    {
      what: `${what}: frames a second`,
      value: 1_000 / (raw.reduce((sum, ms) => sum + ms, 0) / raw.length),
      unit: '/s',
      raw,
      target: atLeast(55),
    },
    { what: `${what}: p99 between two frames`, value: percentile(raw, 0.99), unit: 'ms', raw: [] },
  ]
  return [
    ...told(`scrolling a list of ${jobs.toLocaleString('en')} jobs`, frames),
    figure('rows in the document meanwhile', '', [reached]),
    ...told(`scrolling a list of ${workers.toLocaleString('en')} workers`, workerFrames),
  ]
}

export const bench: Bench = {
  about: 'the dashboard in Chromium: load, event to pixel, idle cost, long lists',
  expectedS: { full: 230, quick: 25 },
  run,
}
