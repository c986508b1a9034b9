import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formerBucketName, renameBucket } from '../../tools/start/local-bucket.ts'
import { bornAt } from '../../tools/start/process-identity.ts'
import type { ServerRecord } from '../../tools/start/state-folder.ts'
import { launch, startServer, type TestServer } from '../support/server.ts'

const base = mkdtempSync(join(tmpdir(), 'modelreins-bad-days-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

/** Exit code and everything printed; a sentence for a person has no stack in it. */
async function start(...flags: string[]): Promise<{ code: number; text: string }> {
  const running = launch(['--no-worker', ...flags])
  const code = await running.exit
  return { code, text: running.text() }
}

describe('npm start says in one sentence what to do', () => {
  test('when the port is taken', async () => {
    const stranger = createServer()
    await new Promise<void>((resolve) => {
      stranger.listen(0, '127.0.0.1', resolve)
    })
    const { port } = stranger.address() as AddressInfo // a TCP server's address is never a path
    const { code, text } = await start('--port', String(port), '--state', join(base, 'taken'))
    stranger.close()
    expect(text.trim()).toBe(`Port ${port} on 127.0.0.1 is in use by another program: stop it, or choose another port with --port N.`)
    expect(code).toBe(1)
  })

  test('when the state folder cannot be written', async () => {
    writeFileSync(join(base, 'file'), '')
    const { code, text } = await start('--port', '0', '--state', join(base, 'file/inside'))
    expect(text.trim()).toMatch(/^The state folder \S+ cannot be written \(\w+\): choose another one with --state DIR\.$/)
    expect(code).toBe(1)
  })

  test('when the flag is wrong', async () => {
    const { code, text } = await start('--prot', '1')
    expect(text.trim()).toMatch(/^There is no flag --prot; did you mean --port\?.*$/)
    expect(code).toBe(64)
  })

  test('when the address is not this machine', async () => {
    const { code, text } = await start('--host', '203.0.113.7', '--port', '0', '--state', join(base, 'address'))
    expect(text.trim()).toMatch(/^203\.0\.113\.7 is no address of this machine/)
    expect(code).toBe(1)
  })
})

describe('a server', () => {
  let server: TestServer
  beforeEach(async () => {
    server = await startServer()
  })
  afterEach(() => server.close())

  const processes = (): ServerRecord['processes'] => JSON.parse(readFileSync(join(server.stateFolder, 'server.json'), 'utf8')).processes
  const whoami = async (): Promise<number> =>
    (await fetch(`${server.url}/api/v1/whoami`, { headers: { authorization: `Bearer ${server.ownerKey}` } })).status

  test('keeps its folder from a second one', async () => {
    const { code, text } = await start('--port', '0', '--state', server.stateFolder)
    expect(text.trim()).toMatch(/^The state folder \S+ is in use by another server: stop that one/)
    expect(code).toBe(1)
    expect(await whoami()).toBe(200)
  })

  test('that was killed with everything it had starts again on the same state', async () => {
    const { ownerKey, url } = server
    await server.kill()
    await expect(fetch(`${url}/health`)).rejects.toThrow()
    await server.start()
    expect(server.ownerKey).toBe(ownerKey)
    expect(server.url).toBe(url)
    expect(await whoami()).toBe(200)
  })

  test('that left its runtime behind, holding the port, is recovered by the next start', async () => {
    const [orphan] = processes().filter((one) => one.role === 'workerd')
    for (const { pid, role } of processes().toSorted((one, other) => (one.role < other.role ? -1 : 1)))
      if (role !== 'workerd') process.kill(pid, 'SIGKILL')
    await sleep(200)
    expect(bornAt(orphan?.pid ?? 0)).toBe(orphan?.born)
    await server.start()
    expect(bornAt(orphan?.pid ?? 0)).not.toBe(orphan?.born)
    expect(await whoami()).toBe(200)
  })

  test('whose npm start was killed stops by itself', async () => {
    const before = processes()
    process.kill(before.find((one) => one.role === 'start')?.pid ?? 0, 'SIGKILL')
    for (let waited = 0; waited < 10_000 && before.some((one) => bornAt(one.pid) === one.born); waited += 50) await sleep(50)
    expect(before.filter((one) => bornAt(one.pid) === one.born)).toEqual([])
    expect(existsSync(join(server.stateFolder, 'server.json'))).toBe(false)
  })

  test('whose data was removed begins again with a new key', async () => {
    const { ownerKey } = server
    await server.stop()
    rmSync(join(server.stateFolder, 'data'), { recursive: true })
    await server.start()
    expect(server.ownerKey).not.toBe(ownerKey)
    expect(await whoami()).toBe(200)
  })

  test('from before the name of its bucket was a secret keeps its files', async () => {
    const authorization = `Bearer ${server.ownerKey}`
    const sent = await fetch(`${server.url}/api/v1/artifacts/upload?filename=kept.txt`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'text/plain' },
      body: 'kept bytes',
    })
    const file: { url: string } = JSON.parse(await sent.text())
    await server.stop()
    const secret = server.bucket
    renameBucket(join(server.stateFolder, 'data'), secret, formerBucketName)
    const secrets = join(server.stateFolder, 'secrets.json')
    const { bucket: _bucket, ...before } = JSON.parse(readFileSync(secrets, 'utf8'))
    writeFileSync(secrets, JSON.stringify(before))
    await server.start()
    const got = await fetch(new URL(file.url, server.url), { headers: { authorization } })
    expect([got.status, await got.text()]).toEqual([200, 'kept bytes'])
    expect([formerBucketName, secret]).not.toContain(server.bucket)
    expect(existsSync(join(server.stateFolder, 'data', 'r2', formerBucketName))).toBe(false)
  })

  test('whose runtime crashes comes back by itself', async () => {
    const runtime = processes().find((one) => one.role === 'workerd')
    process.kill(runtime?.pid ?? 0, 'SIGKILL')
    let status = 0
    for (let waited = 0; waited < 40_000 && status !== 200; waited += 100) {
      status = await whoami().catch(() => 0)
      await sleep(100)
    }
    expect(status).toBe(200)
  })

  test('whose port is taken while its runtime is away comes back when it is free', async () => {
    const port = Number(new URL(server.url).port)
    process.kill(processes().find((one) => one.role === 'workerd')?.pid ?? 0, 'SIGKILL')
    const thief = createServer((socket) => socket.destroy())
    let taken = false
    for (let tries = 0; tries < 200 && !taken; tries += 1) {
      taken = await new Promise<boolean>((resolve) => {
        thief.once('error', () => resolve(false))
        thief.listen(port, '127.0.0.1', () => resolve(true))
      })
      if (!taken) await sleep(2)
    }
    expect(taken).toBe(true)
    await sleep(3_000)
    thief.close()
    let status = 0
    for (let waited = 0; waited < 30_000 && status !== 200; waited += 250) {
      status = await whoami().catch(() => 0)
      await sleep(250)
    }
    expect(`${status} ${readFileSync(join(server.stateFolder, 'server.log'), 'utf8')}`).toMatch(/^200/)
  })
})
