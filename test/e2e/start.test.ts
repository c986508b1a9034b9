import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { Client } from '../../worker-sdk/src/client/index.ts'
import { bornAt } from '../../tools/start/process-identity.ts'
import type { Connection, ServerRecord } from '../../tools/start/state-folder.ts'
import { launch, startServer } from '../support/server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const base = mkdtempSync(join(tmpdir(), 'modelreins-start-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

const json = <Content>(path: string): Content => JSON.parse(readFileSync(path, 'utf8'))
/** No model of this machine may take the place of the program that the tests expect. */
const environment = { ...process.env, OLLAMA_HOST: '127.0.0.1:9' }

async function once(state: string, ...words: string[]): Promise<{ code: number; text: string }> {
  const running = launch(['--provider', 'spawn', '--port', '0', '--state', state, '--once', ...words], environment)
  const code = await running.exit
  return { code, text: running.text() }
}

test('a script that sees the first start answer finds the key written, and everything in order', async () => {
  const state = join(base, 'script')
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
  const running = launch(['--no-worker', '--port', String(port), '--state', state], environment)
  try {
    const url = `http://127.0.0.1:${port}`
    let health: Response | undefined
    for (let left = 3_000; health === undefined && left > 0; left -= 1) {
      health = await fetch(`${url}/health`).catch(() => undefined)
      if (health === undefined) await sleep(10)
    }
    const connection = json<Connection>(join(state, 'connection.json'))
    expect([health?.status, await health?.json(), connection.url]).toMatchObject([200, { status: 'ok' }, url])
    expect((await new Client({ url, token: connection.owner_key }).members.whoami()).tenant).toBe(connection.tenant)
  } finally {
    running.child.kill('SIGTERM')
    await running.exit
  }
})

describe('npm start -- --once, for a newcomer', () => {
  const state = join(base, 'newcomer')
  let key = ''

  test('runs a real job on real input, shows everything, and ends with 0', async () => {
    const { code, text } = await once(state)
    expect(text).toContain('Job 1 goes to local-spawn')
    expect(text).toMatch(/ {2}\| ## README\.md\n {2}\| \d+ lines/)
    expect(text).toMatch(/Job 1 is done: local-spawn, \d+\.\d\d s/)
    expect(text).toMatch(/job\.dispatch .*member owner/)
    expect(text).toMatch(/job\.start .*worker local-spawn/)
    expect(text).toMatch(/job\.complete .*worker local-spawn/)
    expect(code).toBe(0)
  })

  test('keeps the owner key for scripts, readable by its owner only, and shows it once', async () => {
    const connection = json<Connection>(join(state, 'connection.json'))
    expect(Object.keys(connection).toSorted()).toEqual(['owner_key', 'tenant', 'url'])
    expect(statSync(join(state, 'connection.json')).mode & 0o777).toBe(0o600)
    key = connection.owner_key
    expect(key).toMatch(/^mrk_/)
  })

  test('finds its state again: same key, same tenant, the earlier job; and takes a prompt', async () => {
    const { code, text } = await once(state, 'Three words here')
    expect(text).not.toContain(key)
    expect(text).toMatch(/Earlier jobs.*\n +1 {2}done/)
    expect(text).toContain('Job 2 goes to local-spawn')
    expect(text).toContain('1 line (0 blank), 3 words')
    expect(json<Connection>(join(state, 'connection.json'))).toMatchObject({ owner_key: key, tenant: 'local' })
    expect(code).toBe(0)
  })

  test('ends with 1 when the job fails', async () => {
    const { code, text } = await once(state, 'Report on no-such-file.md')
    expect(text).toContain('Job 3 is failed')
    expect(code).toBe(1)
  })
})

describe('npm start, left running', () => {
  test('shows a curl that works as it stands, and stops with its children on Ctrl-C', async () => {
    const state = join(base, 'running')
    const running = launch(['--provider', 'spawn', '--port', '0', '--state', state], environment)
    while (!running.text().includes('Ctrl-C stops everything')) {
      if (running.child.exitCode !== null) throw new Error(running.text())
      await sleep(25)
    }
    const line = /^ {4}(curl -sS \S+\/dispatch .*)$/m.exec(running.text())?.[1] ?? 'false'
    expect(line).not.toContain('mrk_')
    const answer: unknown = JSON.parse(spawnSync('/bin/sh', ['-c', line], { cwd: root, encoding: 'utf8' }).stdout)
    expect(answer).toMatchObject({ id: 2, prompt: 'Report on CONTRIBUTING.md', assigned_to: 'local-spawn' })

    const { processes } = json<ServerRecord>(join(state, 'server.json'))
    expect(processes.map((one) => one.role)).toEqual(['start', 'server', 'workerd'])
    running.child.kill('SIGINT')
    expect(await running.exit).toBe(0)
    for (const { pid, born } of processes) expect(bornAt(pid)).not.toBe(born)
  })

  test.each(['lock', 'secrets.json', 'workers', 'connection.json'])(
    'stops cleanly on a Ctrl-C in the middle of the start (%s)',
    async (file) => {
      const state = mkdtempSync(join(base, 'early-'))
      const running = launch(['--provider', 'spawn', '--port', '0', '--state', state], environment)
      // Each of these files appears at another moment of the start.
      for (let waited = 0; waited < 60_000 && running.child.exitCode === null && !existsSync(join(state, file)); waited += 10)
        await sleep(10)
      running.child.kill('SIGINT')
      expect(await running.exit).toBe(0)
      expect(running.text()).toContain('Stopping...')
      expect(existsSync(join(state, 'server.json'))).toBe(false)
    },
  )

  test('stops what a job has started, even a child that ignores TERM', async () => {
    const state = join(base, 'stubborn')
    const command = `trap '' TERM; echo "pid $$"; sleep 300 & wait`
    const running = launch(['--provider', 'spawn', '--port', '0', '--state', state], { ...environment, MODELREINS_COMMAND: command })
    let pid: number | undefined
    while (pid === undefined) {
      if (running.child.exitCode !== null) throw new Error(running.text())
      const said = / {2}\| pid (\d+)/.exec(running.text())?.[1]
      pid = said === undefined ? undefined : Number(said)
      await sleep(25)
    }
    const born = bornAt(pid)
    expect(born).toBeDefined()
    running.child.kill('SIGINT')
    await running.exit
    expect(bornAt(pid)).toBeUndefined()
  })

  test('runs through npm as the README says, and npm stops it', async () => {
    const state = join(base, 'npm')
    const npm = spawn('npm', ['start', '--', '--no-worker', '--port', '0', '--state', state], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    let text = ''
    npm.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    const exit = new Promise<number | null>((resolve) => {
      npm.once('close', resolve)
    })
    while (!text.includes('Ctrl-C stops everything')) {
      if (npm.exitCode !== null) throw new Error(text)
      await sleep(25)
    }
    const { url } = json<Connection>(join(state, 'connection.json'))
    expect((await fetch(`${url}/health`)).status).toBe(200)
    // As a terminal does: to npm and all it started.
    process.kill(-(npm.pid ?? 0), 'SIGINT')
    await exit
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })
})

describe('a worker that goes', () => {
  test('before its job has ended ends npm start -- --once with a sentence', async () => {
    const state = join(base, 'gone')
    const running = launch(['--provider', 'spawn', '--port', '0', '--state', state, '--once', 'x'], {
      ...environment,
      MODELREINS_COMMAND: 'echo "parent $PPID"; sleep 60',
    })
    let pid: number | undefined
    while (pid === undefined) {
      if (running.child.exitCode !== null) throw new Error(running.text())
      const said = / {2}\| parent (\d+)/.exec(running.text())?.[1]
      pid = said === undefined ? undefined : Number(said)
      await sleep(25)
    }
    process.kill(pid, 'SIGKILL')
    expect(await running.exit).toBe(1)
    expect(running.text()).toContain('The local worker ended before the job did.')
  })
})

describe('npm run worker', () => {
  test('adds a worker to a running server, and the server knows it by its name', async () => {
    const server = await startServer()
    const worker = spawn(
      process.execPath,
      ['tools/launch.cjs', 'tools/worker/main.ts', '--name', 'second', '--command', 'tr a-z A-Z', '--state', server.stateFolder],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    try {
      let text = ''
      worker.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      while (!text.includes('second is ready')) {
        if (worker.exitCode !== null) throw new Error(text)
        await sleep(25)
      }
      const client = new Client({ url: server.url, token: server.ownerKey })
      const job = await client.dispatchAndWait({ prompt: 'pull the reins', target: 'second' })
      expect(job).toMatchObject({ status: 'done', result: 'PULL THE REINS', assigned_to: 'second' })
      worker.kill('SIGINT')
      expect(await new Promise((resolve) => worker.once('close', resolve))).toBe(0)
    } finally {
      worker.kill('SIGKILL')
      await server.close()
    }
  })
})

describe('two servers with two folders', () => {
  test('run side by side and know nothing of each other', async () => {
    const [one, other] = await Promise.all([startServer(), startServer()])
    try {
      expect(one.url).not.toBe(other.url)
      const ask = (url: string, key: string) => fetch(`${url}/api/v1/whoami`, { headers: { authorization: `Bearer ${key}` } })
      expect((await ask(one.url, one.ownerKey)).status).toBe(200)
      expect((await ask(other.url, other.ownerKey)).status).toBe(200)
      expect((await ask(one.url, other.ownerKey)).status).toBe(401)
    } finally {
      await Promise.all([one.close(), other.close()])
    }
  })
})
