/** The package as a stranger gets it: packed, installed into an empty folder, run on the oldest Node it promises and on newer ones. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Job } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Call, caller, registerWorker } from '../support/calls.ts'
import { startServer, type TestServer } from '../support/server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sizeLimit = 1_000_000
/** The oldest promised, the oldest still maintained, and the one that runs these tests. */
const versions = ['18', '20', 'this'] as const

let server: TestServer
let owner: Call
let folder: string
const nodes = new Map<string, string>()

const npm = (cwd: string, ...words: string[]): string =>
  execFileSync('npm', [...words, '--no-audit', '--no-fund', '--loglevel', 'error'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })

const bytesIn = (path: string): number =>
  lstatSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0) : lstatSync(path).size

/** A binary of that major, from the npm package that carries one for this platform. */
function nodeOf(version: string): string {
  if (version === 'this') return process.execPath
  const home = join(folder, `node-${version}`)
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{"private":true}')
  const platform = process.platform === 'win32' ? 'win' : process.platform
  npm(home, 'install', '--ignore-scripts', `node-${platform}-${process.arch}@${version}`)
  return join(home, 'node_modules', `node-${platform}-${process.arch}`, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelreins-packed-'))
  npm(join(root, 'worker-sdk'), 'run', 'build')
  const tarball = npm(join(root, 'worker-sdk'), 'pack', '--ignore-scripts', '--pack-destination', folder).trim().split('\n').at(-1) ?? ''
  const stranger = join(folder, 'stranger')
  mkdirSync(stranger)
  writeFileSync(join(stranger, 'package.json'), '{"private":true,"name":"stranger"}')
  npm(stranger, 'install', '--ignore-scripts', join(folder, tarball))
  for (const version of versions) nodes.set(version, nodeOf(version))
  server = await startServer()
  owner = caller(() => server.url, server.ownerKey)
}, 240_000)

afterAll(async () => {
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Seed 001's own program, cut to the events that end it: one job, then stop. */
const seedProgram = `
const { Worker, ERROR_TYPES, classifyError } = require('modelreins-worker');
const w = new Worker({
  url: process.env.SERVER, token: process.env.MODELREINS_TOKEN, name: process.env.WORKER_NAME,
  type: 'claude', model: 'opus', tags: 'code,review', networks: 'lan', pollMs: 5000, workDir: require('os').tmpdir(),
  executor: async (job, ctx) => {
    await ctx.output(\`starting job \${job.id}\\n\`);
    await ctx.output('done\\n');
    return 0;
  },
});
const seen = [];
for (const event of ['starting', 'connected', 'ready', 'job:start', 'job:done', 'job:error', 'stopped']) w.on(event, () => seen.push(event));
w.on('error', ({ type, error }) => console.error(type + ': ' + error));
w.on('job:done', async ({ id, exitCode }) => {
  await w.stop();
  console.log(JSON.stringify({ seen, id, exitCode, node: process.version, class: classifyError({ message: 'HTTP 429 Too Many Requests' }), types: Object.keys(ERROR_TYPES) }));
});
w.start();
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
  test.each([
    ['require, as seed 001 says', 'seed.cjs', seedProgram],
    ['import', 'modern.mjs', modernProgram],
  ])('a program that uses %s runs a job', { timeout: 60_000 }, async (_, file, program) => {
    const name = `packed-${version}-${file.split('.')[0]}`
    const worker = await registerWorker(() => server.url, owner, name)
    const ended = run(version, file, program, { SERVER: server.url, MODELREINS_TOKEN: worker.token, WORKER_NAME: name })
    const { body: dispatched } = await owner<Job>('POST', '/dispatch', { body: { prompt: 'hello', target: name, when_offline: 'queue' } })
    const told: { readonly id: number; readonly node: string } = JSON.parse((await ended).trim().split('\n').at(-1) ?? '')
    expect(told.id).toBe(dispatched.id)
    if (version !== 'this') expect(told.node).toMatch(new RegExp(`^v${version}\\.`))
    const { body: job } = await owner<Job>('GET', `/jobs/${dispatched.id}`)
    expect(job).toMatchObject({ status: 'done', assigned_to: name })
    expect(file === 'seed.cjs' ? job.output : job.result).toBe(file === 'seed.cjs' ? `starting job ${job.id}\ndone\n` : 'HELLO')
  })

  test('its command answers --version and --help', () => {
    const command = join(folder, 'stranger', 'node_modules', '.bin', 'modelreins-worker')
    const say = (flag: string): string => execFileSync(nodes.get(version) ?? '', [command, flag], { encoding: 'utf8' })
    expect(say('--version').trim()).toMatch(/\d+\.\d+\.\d+/)
    expect(say('--help')).toContain('--provider')
  })
})

test('what is installed takes less than a megabyte, and nothing of the workspace is in it', () => {
  const modules = join(folder, 'stranger', 'node_modules')
  expect(bytesIn(join(modules, 'modelreins-worker')) + bytesIn(join(modules, 'ws'))).toBeLessThan(sizeLimit)
  expect(readdirSync(modules).filter((name) => !name.startsWith('.'))).toEqual(['modelreins-worker', 'ws'])
  expect(existsSync(join(modules, 'modelreins-worker', 'src'))).toBe(false)
})
