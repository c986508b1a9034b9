/** The package as a stranger gets it: packed, unpacked in an empty folder, required, imported, compiled against, measured. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { version } from '../../../../worker-sdk/src/version.ts'
import { settings } from '../../../../worker-sdk/src/worker/settings/options.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const run = promisify(execFile)
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
let folder: string
let installed: string
let tarball: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelreins-package-'))
  const sdk = join(root, 'worker-sdk')
  await run(process.execPath, ['build/main.ts'], {
    cwd: sdk,
    env: { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH']}` },
  })
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder, '--loglevel=error'], {
    cwd: sdk,
  })
  tarball = join(folder, String(JSON.parse(stdout)[0].filename))
  installed = join(folder, 'node_modules', 'modelreins-worker')
  mkdirSync(installed, { recursive: true })
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed])
  // Its one dependency, and the types that a user of Node has.
  symlinkSync(join(root, 'node_modules', 'ws'), join(folder, 'node_modules', 'ws'))
  mkdirSync(join(folder, 'node_modules', '@types'))
  symlinkSync(join(root, 'node_modules', '@types', 'node'), join(folder, 'node_modules', '@types', 'node'))
  symlinkSync(join(root, 'node_modules', 'undici-types'), join(folder, 'node_modules', 'undici-types'))
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const evaluate = async (name: string, code: string): Promise<unknown> => {
  const path = join(folder, name)
  writeFileSync(path, code)
  return JSON.parse((await run(process.execPath, [path], { cwd: folder })).stdout)
}
const members = [
  'ActionRefused',
  'AttemptStopped',
  'Client',
  'ERROR_TYPES',
  'ModelReinsError',
  'NotAKey',
  'Worker',
  'classifyError',
  'fromShown',
  'isViewUrl',
  'joinTrust',
  'parsePublicKey',
  'parseTrust',
  'redeemView',
  'shown',
  'shownLines',
  'shownValue',
  'uploadFile',
  'verifyAudit',
  'version',
]
const clientMembers = ['Client', 'ModelReinsError', 'isViewUrl', 'redeemView']

describe('exports', () => {
  it('exactly these members, for require', async () => {
    const code =
      'console.log(JSON.stringify([Object.keys(require("modelreins-worker")).sort(), Object.keys(require("modelreins-worker/client")).sort()]))'
    expect(await evaluate('a.cjs', code)).toEqual([members, clientMembers])
  })

  it('exactly these members, for import', async () => {
    const code =
      'import * as all from "modelreins-worker"; import * as client from "modelreins-worker/client"; console.log(JSON.stringify([Object.keys(all).sort(), Object.keys(client).sort(), all.Client === client.Client]))'
    expect(await evaluate('a.mjs', code)).toEqual([members, clientMembers, true])
  })

  it('the constructor and the classifier as seed 001 calls them', async () => {
    const code = `const { Worker, ERROR_TYPES, classifyError } = require('modelreins-worker')
      const w = new Worker({ url: 'https://app.example.com', token: 't', name: 'my-worker', type: 'claude', model: 'opus', tags: 'code,review', networks: 'lan', pollMs: 5000, workDir: '/tmp/work', executor: async () => 0 })
      w.on('ready', ({ name }) => console.log(name))
      console.log(JSON.stringify([typeof w.start, typeof w.stop, ERROR_TYPES.RATE_LIMITED, classifyError({ message: 'HTTP 429 Too Many Requests' })]))`
    expect(await evaluate('seed.cjs', code)).toEqual([
      'function',
      'function',
      'rate_limited',
      { type: 'rate_limited', message: 'Rate limited', retryable: true },
    ])
  })

  it('an uncaught error that begins with its message, not with pages of code', async () => {
    const path = join(folder, 'uncaught.cjs')
    writeFileSync(path, "const { Worker } = require('modelreins-worker')\nnew Worker({ env: {}, slots: 0 })\n")
    const told = await run(process.execPath, [path], { cwd: folder }).catch((error: { stderr: string }) => error.stderr)
    expect(told).toContain('ModelReinsError: ')
    expect(String(told).indexOf('ModelReinsError: ')).toBeLessThan(1_000)
  })

  it('a client that needs nothing of Node', () => {
    const seen = new Set<string>()
    const visit = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      const text = readFileSync(path, 'utf8')
      expect(text).not.toMatch(/["'](?:node:|ws["'])/)
      for (const match of text.matchAll(/["'](\.\.?\/[^"']+\.js)["']/g)) visit(join(path, '..', match[1] ?? ''))
    }
    visit(join(installed, 'dist', 'client.js'))
    expect(seen.size).toBeGreaterThan(0)
  })
})

const consumer = `
import { Worker, Client, ModelReinsError, classifyError, type Job, type JobContext, type WorkerOptions } from 'modelreins-worker'
import { Client as BareClient } from 'modelreins-worker/client'

const options: WorkerOptions = { url: 'https://x', token: 't', tags: 'a,b', executor: async (job: Job, ctx: JobContext) => { await ctx.output(job.prompt); return ctx.attempt } }
const worker = new Worker(options)
worker.on('job:error', ({ id, error, errorType, retryable }) => { const a: number = id; const b: string = error; const c: boolean = retryable; void [a, b, c, errorType] })
worker.on('config:applied', ({ key, value }) => void [key, value])
export async function main(): Promise<string | null> {
  const client = new Client({ url: 'https://x' })
  const job = await client.jobs.dispatch({ prompt: 'hello', effort: 'deep', tags: ['x'] })
  const page = await client.jobs.list({ status: ['done'], limit: 5 })
  const text: string = await client.jobs.result({ job_id: job.id })
  for await (const event of client.stream(job.id)) if (event.event === 'output') console.log(event.data.text, text, page.next_cursor)
  const whole: Job = await new BareClient({ url: 'https://x' }).dispatchAndWait({ prompt: 'x' })
  try { await worker.start() } catch (error) { if (error instanceof ModelReinsError) console.log(error.code, error.exitCode, classifyError(error).type) }
  return whole.result
}
// @ts-expect-error a number is wanted
void new Client({ url: 'x' }).jobs.get({ job_id: 'seven' })
// @ts-expect-error there is no such event
worker.on('job:finished', () => undefined)
// @ts-expect-error there is no such effort
void new Client({ url: 'x' }).jobs.dispatch({ prompt: 'x', effort: 'heroic' })
`

async function compile(moduleResolution: string, file: string, globals: readonly string[]): Promise<void> {
  writeFileSync(join(folder, file), consumer)
  const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext'
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false', '--target', 'es2022']
  const flags = [...strict, ...globals, '--ignoreConfig', '--module', module, '--moduleResolution', moduleResolution]
  await run(bin('tsc'), [...flags, file], { cwd: folder }).catch((error: { stdout: string }) => {
    throw new Error(error.stdout)
  })
}

it.each([
  ['nodenext', 'consumer.mts'],
  ['nodenext', 'consumer.cts'],
  ['bundler', 'consumer.ts'],
])(
  'compiles for a stranger with strict types, module resolution %s, as %s',
  (moduleResolution, file) => compile(moduleResolution, file, ['--lib', 'es2022', '--types', 'node']),
  60_000,
)

it(
  'compiles where there are no types of Node, only those of the web',
  () => compile('bundler', 'consumer.ts', ['--lib', 'es2022,dom,dom.asynciterable', '--types', '']),
  60_000,
)

it('has no line of code that fills a screen', () => {
  const dist = join(installed, 'dist')
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  for (const file of files)
    for (const line of readFileSync(join(dist, file), 'utf8').split('\n')) expect(line.length, file).toBeLessThan(1_000)
  expect(files.length).toBeGreaterThan(5)
})

it('passes publint', async () => {
  await run(bin('publint'), ['--strict', installed]).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(error.stdout + error.stderr)
  })
}, 60_000)

it('has types that are right for every way of resolving it', async () => {
  await run(bin('attw'), [tarball, '--profile', 'node16', '--format', 'ascii']).catch((error: { stdout: string }) => {
    throw new Error(error.stdout)
  })
}, 60_000)

const bytesOf = (path: string): number =>
  statSync(path).isDirectory() ? readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0) : statSync(path).size

it('takes a megabyte and a third on disk at most, its dependency included', () => {
  expect(bytesOf(installed) + bytesOf(join(root, 'node_modules', 'ws'))).toBeLessThan(1_300_000)
})

it('has all that package.json points at, a licence and a readme, and no source', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const targets = JSON.stringify([manifest.exports, manifest.main, manifest.types, manifest.bin]).matchAll(/"\.?\/?(dist\/[^"]+)"/g)
  for (const [, path = ''] of targets) expect(existsSync(join(installed, path)), path).toBe(true)
  expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json'])
  expect(Object.keys(manifest.dependencies)).toEqual(['ws'])
})

it('says its version in one voice', () => {
  expect(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')).version).toBe(version)
})

it('documents every setting', () => {
  const readme = readFileSync(join(installed, 'README.md'), 'utf8')
  for (const [name, setting] of Object.entries(settings)) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` `)) ?? ''
    for (const word of [...setting.env, setting.config[0]]) expect(row, name).toContain(`\`${word}\``)
  }
})
