/** Says what a browser job does, in a real Chromium: PLAYWRIGHT_CHROMIUM, or the one that Debian installs (apt-get install chromium). */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classifyError } from '../../../../../worker-sdk/src/errors.ts'
import { createProvider } from '../../../../../worker-sdk/src/providers/index.ts'
import { type RecordedRun, recordRun } from '../../../../support/standins/provider-run.ts'
import { type WireServer, startWireServer } from '../../../../support/wire/wire-server.ts'

const chromium = process.env['PLAYWRIGHT_CHROMIUM'] ?? '/usr/bin/chromium'
const env = { PATH: process.env['PATH'], PLAYWRIGHT_CHROMIUM: chromium }
const playwright = createProvider('playwright')
let site: WireServer
let inside: WireServer

const page = `<!doctype html><title>Shop</title><h1>Welcome</h1>
<ul><li><a href="/one">One</a></li><li><a href="/two">Two</a></li></ul>
<form action="/found"><input name="q" id="q"><select name="kind"><option value="a">A</option><option value="b">B</option></select><button>Go</button></form>
<a id="csv" href="/prices.csv" download>Prices</a><p id="late" hidden>late</p>
<script>setTimeout(() => { document.getElementById('late').hidden = false }, 150)</script>`

beforeAll(async () => {
  if (!existsSync(chromium)) throw new Error(`no Chromium at ${chromium}: apt-get install chromium, or set PLAYWRIGHT_CHROMIUM`)
  inside = await startWireServer(
    (_request, response) => void response.writeHead(200, { 'access-control-allow-origin': '*' }).end('internal secret'),
  )
  site = await startWireServer((request, response) => {
    const path = request.path.split('?')[0]
    const html = (body: string): void => void response.writeHead(200, { 'content-type': 'text/html' }).end(body)
    if (path === '/') return html(page)
    if (path === '/found') return html(`<title>Found</title><p id="said">${request.path}</p>`)
    if (path === '/prices.csv')
      return void response
        .writeHead(200, { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename="prices.csv"' })
        .end('a,1\nb,2\n')
    if (path === '/redirect') return void response.writeHead(302, { location: inside.url }).end()
    if (path === '/tls-redirect') return void response.writeHead(302, { location: inside.url.replace('http:', 'https:') }).end()
    if (path === '/jump') return html(`<a id="go" href="${inside.url}">go</a>`)
    if (path === '/nosy') {
      const ws = inside.url.replace('http:', 'ws:')
      return html(`<p id="out">waiting</p><img src="${inside.url}/pixel"><iframe src="${inside.url}/frame"></iframe>
<script>new WebSocket('${ws}/socket'); fetch('${inside.url}/fetch').then((r) => r.text(), (e) => 'blocked').then((t) => { document.getElementById('out').textContent = t })</script>`)
    }
    if (path === '/slow') return undefined
    return void response.writeHead(404).end('none')
  })
})
afterAll(async () => {
  await site?.close()
  await inside?.close()
})

const instruct = (steps: readonly object[], more: object = {}): RecordedRun =>
  recordRun({ env, allowHosts: [site.host], ...more }, { job: { prompt: JSON.stringify({ steps, timeout_ms: 10_000 }) } })
const go = (path = '/'): object => ({ action: 'goto', url: `${site.url}${path}` })
const fails = async (run: RecordedRun): Promise<{ message: string; type: string }> => {
  const outcome = await playwright.run(run)
  expect(outcome.result).toBeUndefined()
  return { message: outcome.error?.message ?? '', type: classifyError(outcome.error, outcome.exitCode, outcome.stderr).type }
}

describe('playwright', { timeout: 60_000 }, () => {
  it('says which library and which Chromium it found', async () => {
    const { usable, detail } = await playwright.check({ env })
    expect(detail).toMatch(new RegExp(`^playwright(-core)? [\\d.]+.* with ${chromium}$`))
    expect(usable).toBe(true)
    expect(await playwright.check({ env: { ...env, PLAYWRIGHT_CHROMIUM: '/no/chromium' } })).toMatchObject({
      usable: false,
      detail: expect.stringContaining('npx playwright install chromium'),
    })
  })

  it('fills a form, follows it, extracts text and attributes, and answers JSON', async () => {
    const run = instruct([
      go(),
      { action: 'extract', selector: 'h1', name: 'title' },
      { action: 'extract', selector: 'li a', attribute: 'href', all: true, name: 'links' },
      { action: 'wait', selector: '#late' },
      { action: 'fill', selector: '#q', value: 'hunter2' },
      { action: 'select', selector: 'select', value: 'b' },
      { action: 'click', selector: 'button' },
      { action: 'wait', url: '**/found**' },
      { action: 'extract', selector: '#said' },
    ])
    const outcome = await playwright.run(run)
    expect(outcome.error).toBeUndefined()
    expect(JSON.parse(outcome.result ?? '')).toEqual({
      url: `${site.url}/found?q=hunter2&kind=b`,
      title: 'Found',
      extracted: { title: 'Welcome', links: ['/one', '/two'], '#said': '/found?q=hunter2&kind=b' },
      screenshots: [],
      downloads: [],
    })
    expect(run.text()).toContain('5/9 fill #q\n')
    expect(run.text()).not.toContain('hunter2')
  })

  it('uploads screenshots and downloads, and answers where they are', async () => {
    const run = instruct([
      go(),
      { action: 'screenshot', name: 'shop', full_page: true },
      { action: 'screenshot', selector: 'h1' },
      { action: 'download', selector: '#csv' },
      { action: 'download', url: `${site.url}/prices.csv`, name: '../../again.csv' },
    ])
    const outcome = await playwright.run(run)
    expect(outcome.error).toBeUndefined()
    const { screenshots, downloads } = JSON.parse(outcome.result ?? '')
    expect(screenshots).toMatchObject([
      { name: 'shop.png', url: '/s/slug1' },
      { name: 'screenshot-2.png', url: '/s/slug2' },
    ])
    expect(downloads).toEqual([
      { name: 'prices.csv', url: '/s/slug3', bytes: 8 },
      { name: '_.._again.csv', url: '/s/slug4', bytes: 8 },
    ])
    const [png, , csv] = run.uploads
    expect(png?.contentType).toBe('image/png')
    expect(
      Buffer.from(png?.body ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
    expect(Buffer.from(csv?.body ?? []).toString()).toBe('a,1\nb,2\n')
  })

  it('goes to no private address: directly, by redirect, by a click', async () => {
    const before = inside.requests.length
    expect(await fails(instruct([{ action: 'goto', url: inside.url }]))).toMatchObject({
      message: expect.stringMatching(/^step 1 \(goto\): 127\.0\.0\.1 is refused: it is not an address of the public internet/),
    })
    expect(await fails(instruct([{ action: 'goto', url: inside.url.replace('127.0.0.1', 'localhost') }]))).toMatchObject({
      message: expect.stringMatching(/^step 1 \(goto\): localhost is refused/),
    })
    expect(await fails(instruct([go('/redirect')]))).toMatchObject({
      message: expect.stringMatching(/^step 1 \(goto\): 127\.0\.0\.1 is refused/),
    })
    expect(await fails(instruct([go('/tls-redirect')]))).toMatchObject({
      message: expect.stringMatching(/^step 1 \(goto\): 127\.0\.0\.1 is refused/),
    })
    expect(await fails(instruct([go('/jump'), { action: 'click', selector: '#go' }]))).toMatchObject({
      message: expect.stringMatching(/^step 2 \(click\): 127\.0\.0\.1 is refused/),
    })
    expect(inside.requests).toHaveLength(before)
  })

  it('loads nothing from private addresses into a page: image, frame, fetch, socket', async () => {
    const before = inside.requests.length
    const run = instruct([
      go('/nosy'),
      { action: 'wait', selector: '#out:not(:text("waiting"))' },
      { action: 'extract', selector: '#out', name: 'out' },
    ])
    const outcome = await playwright.run(run)
    expect(outcome.error).toBeUndefined()
    expect(JSON.parse(outcome.result ?? '').extracted.out).not.toContain('internal secret')
    expect(inside.requests).toHaveLength(before)
    expect(run.text('system')).toContain('[egress] 127.0.0.1 is refused')
  })

  it('goes where the operator allows it', async () => {
    const run = instruct(
      [
        { action: 'goto', url: inside.url },
        { action: 'extract', name: 'all' },
      ],
      { allowHosts: ['127.0.0.1'] },
    )
    expect(JSON.parse((await playwright.run(run)).result ?? '').extracted).toEqual({ all: 'internal secret' })
  })

  it('does not let a job run again whose step took too long, unless the job says that it may', async () => {
    const prompt = (more: object): string =>
      JSON.stringify({ steps: [go(), { action: 'click', selector: '#none', timeout_ms: 100 }], ...more })
    const outcomeOf = (more: object): ReturnType<typeof playwright.run> =>
      playwright.run(recordRun({ env, allowHosts: [site.host] }, { job: { prompt: prompt(more) } }))
    expect(await outcomeOf({})).toMatchObject({ exitCode: 1, final: true })
    expect(await outcomeOf({ repeatable: true })).not.toHaveProperty('final')
  })

  it.each<[string, () => object[], string, string]>([
    [
      'an element that is not there',
      () => [go(), { action: 'click', selector: '#none', timeout_ms: 200 }],
      'step 2 (click): locator.click: Timeout 200ms',
      'timeout',
    ],
    ['a page that is not there', () => [go('/nothing')], 'answered HTTP 404', 'exit_error'],
    [
      'a host that nobody knows',
      () => [{ action: 'goto', url: 'https://nowhere.invalid/' }],
      'step 1 (goto): nowhere.invalid:443 cannot be reached: getaddrinfo',
      'network',
    ],
    [
      'a click that downloads nothing',
      () => [go(), { action: 'download', selector: 'h1', timeout_ms: 300 }],
      'step 2 (download): page.waitForEvent: Timeout 300ms',
      'timeout',
    ],
  ])('names the step that failed: %s', async (_name, steps, message, type) => {
    const failure = await fails(instruct(steps()))
    expect(failure.message).toContain(message)
    expect(failure.type).toBe(type)
  })

  it('explains its format to a prompt that is a sentence', async () => {
    const outcome = await playwright.run(recordRun({ env }, { job: { prompt: 'Take a screenshot of example.com' } }))
    expect(outcome.exitCode).toBe(64)
    expect(outcome.error?.message).toContain("A browser job's prompt is JSON")
  })

  it('closes the browser at once when the job is stopped', async () => {
    const run = instruct([go(), go('/slow')])
    const outcome = playwright.run(run)
    await run.told('2/2')
    const begun = performance.now()
    run.stop(new Error('killswitch'))
    expect(await outcome).toEqual({ exitCode: 130, error: new Error('killswitch') })
    expect(performance.now() - begun).toBeLessThan(5_000)
  })
})
