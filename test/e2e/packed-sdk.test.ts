/** The package as a stranger gets it: packed, installed into an empty folder, run on the oldest Node it promises and on newer ones. */
import { execFile, spawn } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Job, Review } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Recording, recordingText } from '../../worker-sdk/src/providers/recording/format.ts'
import { type Call, caller, registerWorker } from '../support/calls.ts'
import { answer, delta, init, program, result, says, sse } from '../support/recordings/recordings.ts'
import { installPacked, npm } from '../support/packed-package.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { installStandin } from '../support/standins/install.ts'
import { until } from '../support/until.ts'

const sizeLimit = 1_300_000
/** The oldest promised, the oldest still maintained, and the one that runs these tests. */
const versions = ['18', '20', 'this'] as const

let server: TestServer
let owner: Call
let folder: string
const nodes = new Map<string, string>()

const bytesIn = (path: string): number =>
  lstatSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0) : lstatSync(path).size

/** What npm says when the registry is out of reach, as on a machine without a network. */
const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT/

/** Kept from run to run: a Node is 100 MB. */
const cache = join(tmpdir(), 'modelreins-test-nodes')
const platform = process.platform === 'win32' ? 'win' : process.platform

/**
 * A binary of that major, from the npm package that carries one for this platform; undefined, and said, when the registry cannot be
 * reached, which a developer on a train may live with. A gate (CI=true) may not: it would vouch for what nobody ran.
 */
function nodeOf(version: string): string | undefined {
  if (version === 'this') return process.execPath
  const name = `node-${platform}-${process.arch}`
  const home = join(cache, version)
  const binary = join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(binary)) return binary
  // Installed aside and moved into place as a whole: another run may be doing the same.
  const aside = join(folder, `node-${version}`)
  mkdirSync(aside)
  writeFileSync(join(aside, 'package.json'), '{"private":true}')
  try {
    npm(aside, 'install', '--ignore-scripts', '--prefer-offline', '--fetch-retries', '0', `${name}@${version}`)
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error)
    if (!unreachable.test(told)) throw error
    if (process.env['CI'] === 'true') throw new Error(`Node ${version} cannot be had, and CI may not leave it out`, { cause: error })
    console.warn(
      `packed-sdk.test.ts: Node ${version} is left out, the npm registry cannot be reached (${unreachable.exec(told)?.[0] ?? ''})`,
    )
    return undefined
  }
  mkdirSync(cache, { recursive: true })
  rmSync(home, { recursive: true, force: true })
  renameSync(aside, home)
  return binary
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelreins-packed-'))
  installPacked(join(folder, 'stranger'))
  for (const version of versions) {
    const binary = nodeOf(version)
    if (binary !== undefined) nodes.set(version, binary)
  }
  server = await startServer()
  owner = caller(() => server.url, server.ownerKey)
}, 240_000)

afterAll(async () => {
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Seed 001's program, word for word but for the address. */
const seedProgram = `
const { Worker, ERROR_TYPES, classifyError } = require('modelreins-worker');

(async () => {
  const w = new Worker({
    url: 'https://app.modelreins.com',
    token: process.env.MODELREINS_TOKEN,
    name: 'my-worker',
    type: 'claude', // provider
    model: 'opus',
    tags: 'code,review',
    networks: 'lan',
    pollMs: 5000,
    workDir: '/tmp/work',
    // Custom executor — bypasses provider selection entirely
    executor: async (job, ctx) => {
      await ctx.output(\`starting job \${job.id}\\n\`);
      // ... do the work ...
      await ctx.output('done\\n');
      return 0;
    },
  });

  w.on('ready', ({ name }) => console.log(\`\${name} ready\`));
  w.on('job:start', ({ id, prompt }) => console.log(\`start \${id}\`));
  w.on('job:done', ({ id, exitCode }) => console.log(\`done \${id} (\${exitCode})\`));
  w.on('job:error', ({ id, error, errorType, retryable }) => console.error(\`err \${id}: \${error}\`));
  w.on('killswitch', ({ reason }) => console.warn(\`killswitch fired: \${reason}\`));
  w.on('error', ({ type, error }) => console.error(\`\${type}: \${error}\`));

  await w.start(); // begin polling
  // ... later ...
  const { id } = await new Promise((resolve) => w.on('job:done', resolve));
  await w.stop(); // graceful shutdown

  const cls = classifyError({ message: 'HTTP 429 Too Many Requests' });
  console.log(JSON.stringify({ id, node: process.version, cls, types: Object.values(ERROR_TYPES) }));
})();
`
const modernProgram = `
import { Worker, Client, ModelReinsError } from 'modelreins-worker'
import { Client as Lean } from 'modelreins-worker/client'
if (Lean !== Client || typeof ModelReinsError !== 'function') throw new Error('two copies of one class')
const worker = new Worker({ url: process.env.SERVER, token: process.env.MODELREINS_TOKEN, executor: async (job) => job.prompt.toUpperCase() })
worker.on('job:done', async ({ id }) => {
  await worker.stop()
  console.log(JSON.stringify({ id, node: process.version }))
})
await worker.start()
`

function run(version: string, file: string, program: string, environment: Record<string, string>): Promise<string> {
  const stranger = join(folder, 'stranger')
  writeFileSync(join(stranger, file), program)
  const child = spawn(nodes.get(version) ?? '', [file], {
    cwd: stranger,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (err += piece))
  return new Promise((resolve, reject) => {
    child.once('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`exit ${code}: ${err}${out}`))))
  })
}

describe.each(versions)('on Node %s', (version) => {
  const lacking = (skip: (note?: string) => never): void => {
    if (!nodes.has(version)) skip('the npm registry cannot be reached')
  }

  test.for([
    ['require, as seed 001 says', 'seed.cjs', seedProgram],
    ['import', 'modern.mjs', modernProgram],
  ] as const)('a program that uses %s runs a job', { timeout: 60_000 }, async ([, file, program], { skip }) => {
    lacking(skip)
    const name = `packed-${version}-${file.split('.')[0]}`
    const worker = await registerWorker(() => server.url, owner, name)
    const ended = run(version, file, program.replace('https://app.modelreins.com', server.url), {
      SERVER: server.url,
      MODELREINS_TOKEN: worker.token,
    })
    const { body: dispatched } = await owner<Job>('POST', '/dispatch', { body: { prompt: 'hello', target: name, when_offline: 'queue' } })
    const lines = (await ended).trim().split('\n')
    const told: { readonly id: number; readonly node: string } = JSON.parse(lines.at(-1) ?? '')
    expect(told.id).toBe(dispatched.id)
    expect(told.node).toMatch(version === 'this' ? process.version : new RegExp(`^v${version}\\.`))
    const { body: job } = await owner<Job>('GET', `/jobs/${dispatched.id}`)
    expect(job).toMatchObject({ status: 'done', assigned_to: name })
    if (file === 'modern.mjs') {
      expect(job.result).toBe('HELLO')
      return
    }
    expect(job.output).toBe(`starting job ${job.id}\ndone\n`)
    expect(lines.slice(0, -1)).toEqual(['my-worker ready', `start ${job.id}`, `done ${job.id} (0)`])
    expect(told).toMatchObject({
      cls: { type: 'rate_limited', message: 'Rate limited', retryable: true },
      types: ['spawn_failed', 'auth_failed', 'rate_limited', 'timeout', 'network', 'oom', 'exit_error', 'unknown'],
    })
  })

  test('its claude asks a reviewer before it uses a tool, and runs what was edited', { timeout: 60_000 }, async ({ skip }) => {
    lacking(skip)
    const name = `packed-${version}-claude`
    const policy = { self_approval: true }
    const worker = await registerWorker(() => server.url, owner, name, {
      capabilities: [
        { name: 'code', risk_tier: 'auto' },
        { name: 'tool', risk_tier: 'approve', policy },
      ],
    })
    const standin = installStandin('claude', 'asks')
    const command = join(folder, 'stranger', 'node_modules', '.bin', 'modelreins-worker')
    const running = spawn(nodes.get(version) ?? '', [command, 'run', '--provider', 'claude', '--work-dir', standin.workDir], {
      cwd: join(folder, 'stranger'),
      env: { ...standin.env, MODELREINS_URL: server.url, MODELREINS_TOKEN: worker.token },
      stdio: 'ignore',
    })
    const ended = new Promise((resolve) => running.once('close', resolve))
    try {
      const body = { prompt: 'Make a file', target: name, capability: 'code', when_offline: 'queue' }
      const { id } = (await owner<Job>('POST', '/dispatch', { body })).body
      const review = await until(
        async () => (await owner<{ items: Review[] }>('GET', `/api/v1/reviews?job_id=${id}&status=pending`)).body.items[0],
        30_000,
      )
      expect(review).toMatchObject({
        capability: 'tool',
        title: 'Use the tool Bash',
        payload: { tool: 'Bash', input: { command: 'touch made.txt', timeout: 7 } },
      })
      const payload = { tool: 'Bash', input: { command: 'touch other.txt' } }
      await owner('POST', `/reviews/${review.id}/decide`, { body: { verdict: 'edit', digest: review.digest, payload } })
      const job = await until(async () => {
        const { body: found } = await owner<Job>('GET', `/jobs/${id}`)
        return found.status === 'done' || found.status === 'failed' ? found : undefined
      }, 30_000)
      expect(job).toMatchObject({ status: 'done', result: JSON.stringify({ behavior: 'allow', updatedInput: payload.input }) })
    } finally {
      running.kill('SIGTERM')
      await ended
      standin.remove()
    }
  })

  test('its command answers --version and --help', async ({ skip }) => {
    lacking(skip)
    const command = join(folder, 'stranger', 'node_modules', '.bin', 'modelreins-worker')
    // Not held up: connections that the server closes meanwhile must be seen to close.
    const say = async (flag: string): Promise<string> => (await promisify(execFile)(nodes.get(version) ?? '', [command, flag])).stdout
    expect((await say('--version')).trim()).toMatch(/\d+\.\d+\.\d+/)
    expect(await say('--help')).toContain('--provider')
  })
})

test.for<[string, Recording, number, RegExp]>([
  ['a finished agent that stays', program('claude', { stdout: [init, says('Hi.'), result('Hi.')], exit: 'stays' }), 0, /^done {4}Hi\.$/m],
  ['half an answer', answer('http', { body: [sse(delta('Hi'))] }), 1, /^failed {2}network, tried again/m],
  [
    'a server that is down',
    answer('http', { status: 503, headers: {}, body: '{"error":"come back"}' }),
    1,
    /^failed {2}network, tried again: .*come back/m,
  ],
])('its replay tells %s as it is', { timeout: 60_000 }, async ([, recording, code, words]) => {
  const file = join(folder, 'recording.ndjson')
  writeFileSync(file, recordingText(recording))
  const command = join(folder, 'stranger', 'node_modules', '.bin', 'modelreins-worker')
  const told = await promisify(execFile)(nodes.get('18') ?? process.execPath, [command, 'replay', file]).then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => ({
      code: error.code === 0 ? 0 : 1,
      text: error.stdout + error.stderr,
    }),
  )
  expect(told.text).toMatch(words)
  expect(told.code).toBe(code)
})

test('what is installed takes a megabyte and a third at most, and nothing of the workspace is in it', () => {
  const modules = join(folder, 'stranger', 'node_modules')
  expect(bytesIn(join(modules, 'modelreins-worker')) + bytesIn(join(modules, 'ws'))).toBeLessThan(sizeLimit)
  expect(readdirSync(modules).filter((name) => !name.startsWith('.'))).toEqual(['modelreins-worker', 'ws'])
  expect(existsSync(join(modules, 'modelreins-worker', 'src'))).toBe(false)
})
