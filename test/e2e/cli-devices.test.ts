/** Says that `devices` of the packed command line lists, tests and removes a member's devices, against a real server and a real push service. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Device } from '@modelreins/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Client } from '../../worker-sdk/src/client/index.ts'
import { CliHome } from '../support/cli-process.ts'
import { installPacked } from '../support/packed-package.ts'
import { startPushService, type PushService } from '../support/push-service.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

let folder: string
let service: PushService
let server: TestServer
let home: CliHome

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'modelreins-devices-'))
  service = await startPushService()
  server = await startServer({ environment: { ...process.env, MODELREINS_ALLOW_HOSTS: service.host } })
  home = new CliHome(installPacked(join(folder, 'stranger')))
  await home.run(['config', 'set', 'server', server.url])
  await home.run(['config', 'set', 'admin_token', '-'], { stdin: server.ownerKey })
}, 240_000)

afterAll(async () => {
  home?.close()
  await server?.close()
  await service?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** The one device, once the outcome of its last message is known. */
const fared = (known: (device: Device) => boolean): Promise<Device> =>
  until(async () => {
    const { items } = JSON.parse((await home.run(['devices', '--json'])).out) as { items: readonly Device[] }
    return items.find(known)
  }, 30_000)

test('lists nothing where there is none, and says what is no id and which device there is not', async () => {
  expect(await home.run(['devices'])).toEqual({ code: 0, out: '', err: '' })
  expect(await home.run(['devices', 'test', 'My phone'])).toMatchObject({
    code: 64,
    err: expect.stringMatching(/"My phone" is not the id of a device\n.*`devices` lists them/),
  })
  expect(await home.run(['devices', 'test', 'aaaaaaaaaaaa'])).toMatchObject({ code: 66, out: '' })
})

test('lists a device, sends it a test, shows how that fared, and removes it', async () => {
  const owner = new Client({ url: server.url, token: server.ownerKey })
  const { device_id } = await owner.devices.subscribe({ ...service.subscription, name: 'Phone' })
  const row = (await home.run(['devices'])).out
  expect(row).toContain(device_id)
  expect(row).toMatch(/127\.0\.0\.1.*nothing sent yet\tPhone$/m)

  expect(await home.run(['devices', 'test', device_id])).toEqual({ code: 0, out: '', err: '' })
  const [received] = await service.arrived(1)
  expect(JSON.parse(received?.text ?? '')).toMatchObject({ tag: 'test' })
  await fared(({ succeeded_at }) => succeeded_at !== null)
  expect((await home.run(['devices'])).out).toMatch(/\ttaken by the push service\tPhone$/m)

  // Without a terminal nobody can be asked.
  expect(await home.run(['devices', 'remove', device_id])).toMatchObject({ code: 64, err: expect.stringContaining('--yes') })
  expect(await home.run(['devices', 'remove', device_id, '--yes'])).toEqual({ code: 0, out: '', err: '' })
  expect(JSON.parse((await home.run(['devices', '--json'])).out)).toEqual({ items: [] })
  expect(await home.run(['devices', 'test', device_id])).toMatchObject({ code: 66 })
})

test('tells a failure of the push service', async () => {
  const owner = new Client({ url: server.url, token: server.ownerKey })
  // It is tried again: each time it is refused.
  service.answers.push(...Array.from({ length: 20 }, () => 403))
  const { device_id } = await owner.devices.subscribe({ ...service.subscription, name: 'Laptop' })
  await home.run(['devices', 'test', device_id, '--json'])
  const device = await fared(({ failed_at }) => failed_at !== null)
  expect((await home.run(['devices'])).out).toContain(`\t${device.failure ?? ''}\tLaptop`)
  expect(device.failure).toContain('403')
})
