/** The examples, run as they stand: their own processes with the built package, a real server, the real wire and a real browser. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Job, Review } from '@modelreins/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { redeemView } from '../../worker-sdk/src/index.ts'
import { type Call, caller, registerWorker } from '../support/calls.ts'
import { CliHome, type Ended } from '../support/cli-process.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'
import { openAiHandler } from '../support/wire/openai-wire.ts'
import { startWireServer, type WireServer } from '../support/wire/wire-server.ts'

const examples = fileURLToPath(new URL('../../examples', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'modelreins-examples-'))
const home = new CliHome()
let server: TestServer
let owner: Call
const url = (): string => server.url

beforeAll(async () => {
  server = await startServer()
  owner = caller(url, server.ownerKey)
})
afterAll(async () => {
  home.close()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Program {
  readonly output: () => string
  /** Ctrl-C; answers the exit code. */
  readonly stop: () => Promise<number>
}
const running = new Set<ChildProcess>()
/** What a test has not stopped itself goes at once. */
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** An example as its README starts it: `node examples/...`, with a token and what else it reads from the environment. */
async function run(program: string, token: string, env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const child = spawn(process.execPath, [join(examples, program)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: home.folder, MODELREINS_URL: server.url, MODELREINS_TOKEN: token, ...env },
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const exit = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)))
  const stop = (): Promise<number> => {
    child.kill('SIGINT')
    return exit
  }
  running.add(child)
  let ended = false
  void exit.then(() => {
    ended = true
    running.delete(child)
  })
  await until(
    () => {
      if (ended) throw new Error(`${program} ended:\n${text}`)
      return text.includes('is ready\n') ? true : undefined
    },
    30_000,
    () => `${program} did not become ready:\n${text}`,
  )
  return { output: () => text, stop }
}

const cli = (words: readonly string[], stdin?: string, token = server.ownerKey): Promise<Ended> =>
  home.run(words, { env: { MODELREINS_URL: server.url, MODELREINS_API_KEY: token }, ...(stdin === undefined ? {} : { stdin }) })
const jobOf = async (id: number): Promise<Job> => (await owner<Job>('GET', `/jobs/${id}`)).body
const dispatched = async (target: string, prompt: string, ...more: readonly string[]): Promise<number> =>
  Number((await cli(['dispatch', '--target', target, '--no-wait', ...more, '-'], prompt)).out)
const ended = (id: number): Promise<Job> =>
  until(
    async () => {
      const job = await jobOf(id)
      return job.status === 'done' || job.status === 'failed' ? job : undefined
    },
    30_000,
    () => `job ${id} did not end`,
  )

describe('every example', () => {
  test.each([
    ['summariser/summariser.mjs', 'Name an OpenAI-compatible server'],
    ['browser-worker/browser.mjs', 'Send a valid token'],
    ['approved-publisher/publisher.mjs', 'Send a valid token'],
    ['custom-executor/signer.mjs', 'Send a valid token'],
  ])('%s ends with a sentence when it cannot begin: %s', async (program, sentence) => {
    const child = spawn(process.execPath, [join(examples, program)], {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: home.folder,
        MODELREINS_URL: server.url,
        MODELREINS_TOKEN: 'mrw_local_nobody',
        MODELREINS_ENDPOINT: 'http://127.0.0.1:1',
      },
    })
    running.add(child)
    const [said, [code]] = await Promise.all([textOf(child.stderr), once(child, 'exit')])
    running.delete(child)
    expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(sentence) })
    expect(said.length).toBeLessThan(500)
  })
})

/** What a program of a member prints until it ends. */
async function outputOf(program: string, ...words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(examples, program), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOME: home.folder, MODELREINS_URL: server.url, MODELREINS_ADMIN_TOKEN: server.ownerKey, TZ: 'UTC' },
  })
  running.add(child)
  const out = await textOf(child.stdout)
  running.delete(child)
  return out
}

test('three judges are asked at once, and most of them decide', async () => {
  const tokens: Record<string, string> = {}
  for (const name of ['anna', 'bert', 'cleo']) tokens[`${name.toUpperCase()}_TOKEN`] = (await registerWorker(url, owner, name)).token
  const judges = await run('ask-three/judge.mjs', '', tokens)
  expect(await outputOf('ask-three/ask.mjs', 'You are a WINNER!!!')).toBe('2 say spam: anna, bert\n1 say fine: cleo\nspam\n')
  expect(await outputOf('ask-three/ask.mjs', 'See you at noon.')).toBe('3 say fine: anna, bert, cleo\nfine\n')
  expect(await judges.stop()).toBe(0)
})

describe('the nightly job', () => {
  test('is made, left as it is, and changed, as its README runs it', async () => {
    const nightly = (prompt: string): Promise<string> => outputOf('nightly/nightly.mjs', prompt)
    expect(await nightly('Report on README.md')).toMatch(/^sc\w+ was made, due next at \d{4}-\d\d-\d\dT03:00:00.000Z\n$/)
    expect(await nightly('Report on README.md')).toContain(' is as it was, due next at ')
    expect(await nightly('Report on SECURITY.md')).toContain(' was changed, due next at ')
    const listed = await cli(['schedules', '--json'])
    const [schedule, ...others] = (JSON.parse(listed.out) as { items: { schedule_id: string; name: string; job: Job }[] }).items
    expect([schedule?.name, schedule?.job.prompt, others]).toEqual(['nightly report', 'Report on SECURITY.md', []])
    const ran = await cli(['schedules', 'run', schedule?.schedule_id ?? ''])
    expect(await jobOf(Number(ran.out))).toMatchObject({ prompt: 'Report on SECURITY.md', concurrency: { key: 'nightly report' } })
    expect(await cli(['schedules', 'delete', schedule?.schedule_id ?? '', '--yes'])).toMatchObject({ code: 0 })
    await cli(['job', ran.out.trim(), '--abort'])
  })
})

describe('the summariser', () => {
  let model: WireServer
  beforeAll(async () => {
    model = await startWireServer(openAiHandler(['Reins hold ', 'horses ', 'and agents.']))
  })
  afterAll(() => model.close())

  test('asks the model on an OpenAI-compatible server, and its summary streams to whoever dispatched', async () => {
    const { token } = await registerWorker(url, owner, 'summariser')
    const program = await run('summariser/summariser.mjs', token, { MODELREINS_ENDPOINT: `${model.url}/v1` })
    const article = 'Reins were made for horses. Agents need them as well.'
    const told = await cli(['dispatch', '--target', 'summariser', 'Summarise this in one sentence.', '--context-file', '-'], article)
    expect(told).toMatchObject({ code: 0, out: 'Reins hold horses and agents.' })

    const asked = model.requests.find((request) => request.path === '/v1/chat/completions')?.json
    expect(asked).toMatchObject({ model: 'test-model', stream: true, temperature: 0.2, max_tokens: 400 })
    expect(JSON.stringify(asked?.['messages'])).toContain(`${article}\\n\\nSummarise this in one sentence.`)

    const [job] = (await owner<{ items: Job[] }>('GET', '/api/v1/jobs?limit=1')).body.items
    expect(job?.usage).toMatchObject({ tokens_in: 12, tokens_out: 3, model: 'test-model' })
    expect(await program.stop()).toBe(0)
  })
})

describe('the custom executor', () => {
  const key = 'correct horse battery staple'
  const signature = (line: string): string => createHmac('sha256', key).update(line).digest('hex')

  test('streams its signatures, adds up what they cost, and its key is in nothing that left the machine', async () => {
    const { token } = await registerWorker(url, owner, 'first-signer')
    const program = await run('custom-executor/signer.mjs', token, { SIGNING_KEY: key, PAUSE_MS: '10' })
    const id = await dispatched('first-signer', 'first\n\nsecond\n')
    const job = await ended(id)
    expect(job).toMatchObject({ status: 'done', result: '2 lines signed in attempt 1', usage: { cost_usd: 0.002 } })
    expect(job.output).toContain(`1/2 ${signature('first')} first\n2/2 ${signature('second')} second\n`)
    expect(job.output).toContain('signing with [redacted]\n')
    expect(JSON.stringify(job)).not.toContain(key)
    expect(await program.stop()).toBe(0)
  })

  test('runs by the three commands of its README', async () => {
    const [, commands = ''] = /^```sh\n([\s\S]*?)^```/m.exec(readFileSync(join(examples, 'custom-executor/README.md'), 'utf8')) ?? []
    expect(commands.trim().split('\n')).toHaveLength(3)
    const script = `set -e -o pipefail\n${commands}kill %1\nwait %1\n`
    const shell = spawn('bash', ['-c', script], {
      cwd: join(examples, '..'),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
        HOME: home.folder,
        MODELREINS_URL: server.url,
        MODELREINS_ADMIN_TOKEN: server.ownerKey,
        MODELREINS_CONFIG: join(folder, 'signer.json'),
        PAUSE_MS: '10',
      },
    })
    const stop = (): boolean => shell.pid !== undefined && process.kill(-shell.pid, 'SIGKILL')
    const limit = setTimeout(stop, 60_000)
    const errors = textOf(shell.stderr)
    const out = await textOf(shell.stdout)
    clearTimeout(limit)
    if (shell.exitCode === null) await once(shell, 'exit')
    expect(shell.exitCode, out + (await errors)).toBe(0)
    expect(out).toContain('signer is ready\n')
    expect(out).toContain(`1/2 ${signature('release 1.0')} release 1.0\n`)
    expect(out).toContain('2 lines signed in attempt 1')
  })

  test('stops signing when the job is aborted', async () => {
    const { token } = await registerWorker(url, owner, 'slow-signer')
    const program = await run('custom-executor/signer.mjs', token, { SIGNING_KEY: key, PAUSE_MS: '300' })
    const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`)
    const id = await dispatched('slow-signer', lines.join('\n'))
    const follower = home.start(['job', String(id), '--follow'], {
      env: { MODELREINS_URL: server.url, MODELREINS_API_KEY: server.ownerKey },
    })
    await follower.until('2/200')
    expect(await cli(['job', String(id), '--abort', '--reason', 'wrong key'])).toMatchObject({ code: 0 })
    const { code, out } = await follower.ended
    expect(code).toBe(1)
    expect(out).not.toContain('50/200')
    expect(await jobOf(id)).toMatchObject({ status: 'failed', error: { type: 'aborted', message: 'Aborted by owner: wrong key' } })
    await until(
      () => (program.output().includes(`job ${id} failed`) ? true : undefined),
      10_000,
      () => `the program did not stop signing:\n${program.output()}`,
    )
    // Graceful: it would wait for a handler that went on.
    expect(await program.stop()).toBe(0)
  })
})

describe('the approved publisher', () => {
  const published = join(folder, 'published')
  const files = (): readonly string[] => {
    try {
      return readdirSync(published).toSorted()
    } catch {
      return []
    }
  }
  let rosa = ''
  let program: Program
  beforeAll(async () => {
    const member = await owner<{ view_url: string }>('POST', '/api/v1/members', { body: { name: 'Rosa', role: 'reviewer' } })
    rosa = (await redeemView(member.body.view_url)).token
  })

  const start = async (name: string): Promise<void> => {
    const { token } = await registerWorker(url, owner, name, {
      capabilities: [
        { name: 'draft', risk_tier: 'auto' },
        { name: 'publish', risk_tier: 'approve' },
      ],
    })
    program = await run('approved-publisher/publisher.mjs', token, { PUBLISH_DIR: published })
  }
  const reviewOf = (jobId: number): Promise<Review> =>
    until(async () => (await owner<{ items: Review[] }>('GET', `/reviews?job_id=${jobId}`)).body.items[0], 30_000)

  test('publishes nothing before a second person approves, and then exactly what was approved', async () => {
    await start('publisher')
    const id = await dispatched('publisher', '# News\n\nWe have reins.', '--capability', 'draft')
    const review = await reviewOf(id)
    expect(review).toMatchObject({
      status: 'pending',
      title: `Publish job-${id}.md`,
      capability: 'publish',
      irreversible: true,
    })
    // Whoever dispatched may not approve, and until someone else does nothing is out.
    const approve = ['reviews', 'approve', String(review.id), '--digest', review.digest]
    const own = await cli(approve)
    expect(own.code).not.toBe(0)
    expect(own.err).toContain(`You dispatched or changed job ${id}, so another member must approve it`)
    expect(files()).toEqual([])
    expect((await jobOf(id)).status).toBe('running')

    expect(await cli(approve, undefined, rosa)).toMatchObject({ code: 0 })
    expect(await ended(id)).toMatchObject({ status: 'done', result: `published job-${id}.md` })
    expect(readFileSync(join(published, `job-${id}.md`), 'utf8')).toBe('# News\n\nWe have reins.')
    expect((await owner<Review>('GET', `/reviews/${review.id}`)).body.status).toBe('consumed')
    expect(await program.stop()).toBe(0)
  })

  test('publishes the text as the reviewer edited it, not as it was drafted', async () => {
    await start('edited-publisher')
    const id = await dispatched('edited-publisher', 'We are the best.', '--capability', 'draft')
    const review = await reviewOf(id)
    const payload = { file: `job-${id}.md`, text: 'We are quite good.' }
    const words = [
      'reviews',
      'edit',
      String(review.id),
      '--digest',
      review.digest,
      '--payload',
      JSON.stringify(payload),
      '--comment',
      'modesty',
    ]
    expect(await cli(words, undefined, rosa)).toMatchObject({ code: 0 })
    const job = await ended(id)
    expect(job).toMatchObject({ status: 'done', result: `published job-${id}.md` })
    expect(job.output).toContain('the reviewer says: modesty\n')
    expect(readFileSync(join(published, `job-${id}.md`), 'utf8')).toBe('We are quite good.')
  })

  test('publishes nothing that was denied, and the job fails with what the reviewer said', async () => {
    await start('denied-publisher')
    const before = files()
    const id = await dispatched('denied-publisher', 'Our competitor is a horse.', '--capability', 'draft')
    const review = await reviewOf(id)
    const words = ['reviews', 'deny', String(review.id), '--digest', review.digest, '--comment', 'Not about competitors.']
    expect(await cli(words, undefined, rosa)).toMatchObject({ code: 0 })
    const job = await ended(id)
    expect(job.status).toBe('failed')
    expect(job.error?.message).toContain('publish was refused: Not about competitors.')
    expect(files()).toEqual(before)
  })
})

describe('the browser worker', () => {
  const chromium = process.env['MODELREINS_CHROMIUM'] ?? process.env['PLAYWRIGHT_CHROMIUM'] ?? '/usr/bin/chromium'
  let site: WireServer
  beforeAll(async () => {
    site = await startWireServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<!doctype html><title>Stable</title><h1>Horses</h1><p>Anna</p><p>Bella</p>')
    })
  })
  afterAll(() => site.close())
  const instructions = (): string =>
    readFileSync(join(examples, 'browser-worker/job.json'), 'utf8').replace('https://example.com', site.url)

  test('reads a page, and its screenshot is a file of the job', async () => {
    const { token } = await registerWorker(url, owner, 'browser')
    const program = await run('browser-worker/browser.mjs', token, { MODELREINS_CHROMIUM: chromium, MODELREINS_ALLOW_HOSTS: site.host })
    const told = await cli(['dispatch', '--target', 'browser', '--quiet', '-'], instructions())
    expect(told.code, told.err + program.output()).toBe(0)
    const result: { screenshots: { url: string }[] } = JSON.parse(told.out)
    expect(result).toMatchObject({
      title: 'Stable',
      extracted: { heading: 'Horses', paragraphs: ['Anna', 'Bella'] },
      screenshots: [{ name: 'page.png' }],
    })
    const [screenshot] = result.screenshots
    const file = await fetch(server.url + (screenshot?.url ?? ''), { headers: { authorization: `Bearer ${server.ownerKey}` } })
    expect(file.headers.get('content-type')).toBe('image/png')
    const bytes = Buffer.from(await file.arrayBuffer())
    expect(bytes.subarray(0, 8).toString('latin1')).toBe('\u0089PNG\r\n\u001a\n')
    // The header's width and height: a page was drawn, at the size of the window.
    expect(bytes.readUInt32BE(16)).toBeGreaterThanOrEqual(1000)
    expect(await program.stop()).toBe(0)
  })

  test('opens no page of the own network unless it was allowed', async () => {
    const { token } = await registerWorker(url, owner, 'careful-browser')
    await run('browser-worker/browser.mjs', token, { MODELREINS_CHROMIUM: chromium })
    const asked = site.requests.length
    const told = await cli(['dispatch', '--target', 'careful-browser', '--quiet', '-'], instructions())
    expect(told.code).toBe(1)
    expect(told.err).toContain('step 1 (goto)')
    expect(site.requests.length).toBe(asked)
  })
})
