/** Attacks by a job on the machine of its worker: the token of its parents, variables that nobody gave it, secrets in another spelling. */
import { readFileSync } from 'node:fs'
import type { Job } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Call, caller, registerWorker, type RegisteredWorker } from '../support/calls.ts'
import { CliHome, type RunningCli } from '../support/cli-process.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const secret = `sk-ant-api03-${'A1b2C3d4E5f6G7h8I9j0'.repeat(5)}`

let server: TestServer
let owner: Call
let worker: RegisteredWorker
let running: RunningCli
const home = new CliHome()
const url = (): string => server.url

beforeAll(async () => {
  server = await startServer()
  owner = caller(url, server.ownerKey)
  worker = await registerWorker(url, owner, 'shell', { requires_secrets: ['vault://env/API_KEY'] })
  const env = {
    MODELREINS_URL: server.url,
    MODELREINS_TOKEN: worker.token,
    MODELREINS_ADMIN_TOKEN: server.ownerKey,
    COPY: `Bearer ${worker.token}`,
    API_KEY: secret,
    AWS_SECRET_ACCESS_KEY: 'aws-secret-0123456789',
    PLAIN: 'stays',
  }
  running = home.start(['--provider', 'spawn', '--command', 'sh'], { env })
  await running.until('is ready')
})
afterAll(async () => {
  running.signal('SIGTERM')
  await running.ended
  home.close()
  await server.close()
})

async function job(prompt: string, more: object = {}): Promise<Job> {
  const { body } = await owner<Job>('POST', '/dispatch', {
    body: { prompt, target: worker.name, max_attempts: 1, when_offline: 'queue', ...more },
  })
  return until(
    async () => {
      const found = (await owner<Job>('GET', `/jobs/${body.id}`)).body
      return found.status === 'done' || found.status === 'failed' ? found : undefined
    },
    60_000,
    () => `job ${body.id} has not ended`,
  )
}

describe.skipIf(process.platform !== 'linux')('the token of the worker', () => {
  test('is not in what its process was started with, nor is another credential; everything else is', () => {
    const environment = readFileSync(`/proc/${running.pid}/environ`, 'utf8')
    expect(environment).not.toContain(worker.token)
    expect(environment).not.toContain(server.ownerKey)
    expect(environment).toContain('PLAIN=stays')
    expect(running.err()).not.toContain('jobs of this user can read')
  })

  test('is not found by a job that looks at all its parents, backwards or not', async () => {
    const walk =
      "p=$$; while [ $p -gt 1 ]; do tr '\\0' '\\n' < /proc/$p/environ; tr '\\0' '\\n' < /proc/$p/cmdline; p=$(cut -d' ' -f4 /proc/$p/stat); done 2>/dev/null"
    const { result } = await job(`(${walk}) | rev`)
    const found = (result ?? '')
      .split('\n')
      .map((line) => [...line].toReversed().join(''))
      .join('\n')
    expect(found).toContain('PLAIN=stays')
    expect(found).not.toContain(worker.token)
    expect(found).not.toContain(server.ownerKey)
  })
})

describe('a secret', () => {
  test.each(['MODELREINS_TOKEN', 'MODELREINS_ADMIN_TOKEN', 'MODELREINS_URL', 'AWS_SECRET_ACCESS_KEY', 'COPY', 'PLAIN', 'HOME'])(
    'that nobody gave to jobs is not theirs: %s',
    async (name) => {
      const ended = await job('echo ran', { requires_secrets: [`vault://env/${name}`] })
      expect(ended).toMatchObject({
        status: 'failed',
        error: { message: expect.stringContaining(`vault://env/${name} cannot be resolved`) },
      })
    },
  )

  test('that the worker was registered with is theirs', async () => {
    expect(await job('echo ran', { requires_secrets: ['vault://env/API_KEY'] })).toMatchObject({ status: 'done', result: 'ran' })
  })

  test.each([
    ['plain', 'printf %s "$API_KEY"'],
    ['base64 as it wraps', 'printf %s "$API_KEY" | base64'],
    ['hex as it wraps', 'printf %s "$API_KEY" | od -An -v -tx1 | tr -d " \\n" | fold -w 60'],
    ['folded', 'printf %s "$API_KEY" | fold -w 20'],
    ['in colours', 'printf %s "$API_KEY" | sed "s/./&\\x1b[0m/g"'],
    ['in percent', 'printf %s "$API_KEY" | od -An -v -tx1 | tr -d "\\n" | sed "s/ /%/g"'],
  ])('does not leave the machine: %s', async (_, command) => {
    const { id, result } = await job(command)
    const { text: output } = await owner('GET', `/jobs/${id}/stream`)
    const said = `${result ?? ''}\n${output}`
    expect(said).toContain('[redacted]')
    const bare = said.replaceAll(/\\n|\\u001b\[0m|[\s%]/g, '')
    for (const spelling of [secret, Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex')])
      for (let at = 0; at + 12 <= spelling.length; at += 4) expect(bare).not.toContain(spelling.slice(at, at + 12))
  })

  test('does not leave the machine in two halves, one on each stream', async () => {
    const { id, result } = await job('printf "%.50s" "$API_KEY"; sleep 1; printf %s "$API_KEY" | cut -c51- >&2')
    const { text } = await owner('GET', `/jobs/${id}/stream`)
    // The result is what standard output was, half a secret at most; the other half is nowhere.
    expect(`${result ?? ''}${text}`).not.toContain(secret.slice(50))
    expect(text.match(/\[redacted\]/g)).toHaveLength(2)
  })
})
