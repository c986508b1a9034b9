/** A state folder that is moved, restored in part, damaged, or started again at once: the same tenant, or one sentence that says what to do. */
import { cpSync, existsSync, mkdtempSync, openSync, closeSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const base = mkdtempSync(join(tmpdir(), 'modelreins-restore-'))
let seed: TestServer
let copies = 0

/** A folder that a server has worked in and left in good order. */
beforeAll(async () => {
  seed = await startServer({ stateFolder: join(base, 'seed') })
  const dispatched = await fetch(`${seed.url}/api/v1/dispatch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${seed.ownerKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'kept', when_offline: 'queue' }),
  })
  // No worker is registered: nothing is queued, but the tenant, its owner and the audit trail are there.
  expect(dispatched.status).toBe(503)
  await seed.stop()
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

function copy(): string {
  copies += 1
  const folder = join(base, `copy-${copies}`)
  cpSync(join(base, 'seed'), folder, { recursive: true })
  return folder
}

const filesBelow = (folder: string, part: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes(part) && name.endsWith('.sqlite') && !name.endsWith('metadata.sqlite'))
    .map((name) => join(folder, name))

function damage(file: string): void {
  for (const log of [`${file}-wal`, `${file}-shm`]) rmSync(log, { force: true })
  const handle = openSync(file, 'r+')
  writeSync(handle, Buffer.alloc(4096, 0x5a), 0, 4096, 0)
  closeSync(handle)
}

async function refused(folder: string): Promise<string> {
  const running = launch(['--no-worker', '--port', '0', '--state', folder])
  expect(await running.exit, running.text()).toBe(1)
  expect(running.text()).not.toMatch(/^ {4}at /m)
  return running.text()
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

describe('a state folder', () => {
  it('goes on with the same key where it has been moved to', async () => {
    const moved = join(base, 'moved to', 'another place')
    const server = await startServer({ stateFolder: copy() })
    const { ownerKey } = server
    await server.stop()
    cpSync(server.stateFolder, moved, { recursive: true })
    rmSync(server.stateFolder, { recursive: true })
    const again = await startServer({ stateFolder: moved })
    expect(again.ownerKey).toBe(ownerKey)
    await again.close()
  })

  it('never names the last address beside a server that answers', async () => {
    const folder = copy()
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    expect(readFileSync(join(folder, 'connection.json'), 'utf8')).not.toContain(url)
    const running = launch(['--no-worker', '--port', String(port), '--state', folder])
    try {
      const answers = (): Promise<true | undefined> =>
        fetch(`${url}/health`).then(
          ({ status }) => (status === 200 ? true : undefined),
          () => undefined,
        )
      await until(answers, 120_000, () => `no server answers: ${running.text()}`, 5)
      expect(JSON.parse(readFileSync(join(folder, 'connection.json'), 'utf8'))).toMatchObject({ url })
    } finally {
      running.child.kill('SIGTERM')
      await running.exit
    }
  })

  it('is handed from a server that is told to stop to one that is started at once', async () => {
    const server = await startServer({ stateFolder: copy() })
    const stopped = server.stop()
    const next = await startServer({ stateFolder: server.stateFolder })
    expect(await stopped).toBe(0)
    await next.close()
  })
})

describe('a folder restored in part', () => {
  it('without its secrets starts no new tenant: it says what is missing and what going on would cost', async () => {
    const folder = copy()
    rmSync(join(folder, 'secrets.json'))
    const text = await refused(folder)
    expect(text).toContain(`${join(folder, 'secrets.json')} is missing`)
    expect(text).toMatch(/To begin again without that data \(its jobs, members, workers and audit trail\)/)
    expect(existsSync(join(folder, 'secrets.json'))).toBe(false)
  })

  it.each(['{}', 'null', '{"signing": "a:1"', '{"signing": "", "master": "x"}'])(
    'with secrets that are not whole (%s) says so',
    async (text) => {
      const folder = copy()
      rmSync(join(folder, 'secrets.json'))
      const handle = openSync(join(folder, 'secrets.json'), 'w', 0o600)
      writeSync(handle, text)
      closeSync(handle)
      expect(await refused(folder)).toMatch(/secrets\.json is (?:incomplete|damaged): restore it/)
    },
  )

  it('with the secrets of another folder starts no new tenant', async () => {
    const other = await startServer()
    await other.stop()
    const folder = copy()
    cpSync(join(other.stateFolder, 'secrets.json'), join(folder, 'secrets.json'))
    rmSync(other.stateFolder, { recursive: true })
    expect(await refused(folder)).toContain('is not accepted by tenant local')
  })

  it('without its registry says which part is missing', async () => {
    const folder = copy()
    rmSync(join(folder, 'data', 'd1'), { recursive: true })
    expect(await refused(folder)).toContain('no registry (data/d1)')
  })
})

describe('a damaged file', () => {
  it.each([
    ['d1', 'the registry'],
    ['TenantObject', 'the queue, members and reviews of a tenant'],
  ])('of %s is named, with what it holds and what to do', async (part, content) => {
    const folder = copy()
    const [file] = filesBelow(join(folder, 'data'), part)
    expect(file).toBeDefined()
    damage(file ?? '')
    const text = await refused(folder)
    expect(text).toContain(`${file} is damaged`)
    expect(text).toContain(content)
    expect(text).toContain('Restore the whole state folder from a backup')
  })

  it('put back is as good as before', async () => {
    const folder = copy()
    const [file = ''] = filesBelow(join(folder, 'data'), 'd1')
    const kept = `${file}.kept`
    cpSync(file, kept)
    damage(file)
    await refused(folder)
    renameSync(kept, file)
    const server = await startServer({ stateFolder: folder })
    await server.close()
  })
})
