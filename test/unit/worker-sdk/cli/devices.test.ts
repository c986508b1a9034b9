/** Says what `devices` asks of the server, and what it says. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { Stage, type StageOptions, type Told } from './stage.ts'

const at = '2026-01-01T00:00:00.000Z'
const device = {
  device_id: 'dv4k2m9x7q',
  name: 'Firefox on Android',
  push_service: 'updates.push.services.mozilla.com',
  created_at: at,
  succeeded_at: at,
  failed_at: null,
  failure: null,
  next_at: null,
  current: false,
}
const failing = { ...device, device_id: 'dv4k2m9x7r', failed_at: '2026-01-02T00:00:00.000Z', failure: 'the push service answered 403' }

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
})
afterEach(() => server.close())

const answer = (value: unknown): void => {
  server.handle = (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}
const run = (words: readonly string[], options?: StageOptions): Promise<Told> =>
  new Stage().run([...words, '--server', server.url, '--token', 'mrk_x'], options)

it('lists devices with how the last message fared', async () => {
  answer({ items: [device, { ...failing }, { ...device, succeeded_at: null }], next_cursor: null })
  const lines = (await run(['devices'])).out.trimEnd().split('\n')
  expect(lines.map((line) => line.split('\t')[4])).toEqual([
    'taken by the push service',
    'the push service answered 403',
    'nothing sent yet',
  ])
  expect(lines[0]?.split('\t')).toEqual([device.device_id, at, at, device.push_service, 'taken by the push service', device.name])
  expect(JSON.parse((await run(['devices', '--json'])).out).items).toHaveLength(3)
  answer({ items: [], next_cursor: null })
  expect((await run(['devices'], { terminal: true })).err).toContain('Settings, Notifications')
})

it('sends a test, and removes one when somebody says so', async () => {
  answer(device)
  expect((await run(['devices', 'test', device.device_id], { terminal: true })).err).toContain('goes to Firefox on Android')
  expect(server.requests.at(-1)).toMatchObject({ method: 'POST', path: `/api/v1/devices/${device.device_id}/test` })
  answer({ ok: true })
  const before = server.requests.length
  expect((await run(['devices', 'remove', device.device_id])).err).toContain('--yes')
  expect((await run(['devices', 'test', 'my phone'])).err).toContain('is not the id of a device')
  expect(server.requests).toHaveLength(before)
  expect((await run(['devices', 'remove', device.device_id, '--yes'])).code).toBe(0)
  expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE', path: `/api/v1/devices/${device.device_id}` })
})
