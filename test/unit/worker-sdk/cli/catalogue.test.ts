/** `catalogue`, `catalogue get` and `catalogue set`: what is shown, what is sent, and what is refused before anything is. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { httpServer, type HttpServer } from '../support/http-server.ts'
import { newFolder, Stage, type StageOptions, type Told } from './stage.ts'

const found = {
  version: 3,
  changed_at: null,
  classes: [],
  rules: [{ model: 'opus*', cost: 0.2 }],
  workers: [
    {
      worker_id: 'wk1',
      name: 'anna',
      provider: 'claude',
      model: 'opus\u001B[31m',
      model_class: 'premium',
      cost: 0.2,
      quality: 1,
      speed: 0.35,
      locality: 'cloud',
      price: null,
      source: 'rule',
      rule: 0,
    },
  ],
}

let server: HttpServer
beforeEach(async () => {
  server = await httpServer()
  server.handle = (_, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(found))
})
afterEach(() => server.close())

const run = (words: readonly string[], options?: StageOptions): Promise<Told> =>
  new Stage().run([...words, '--server', server.url, '--token', 'mrk_x'], options)

it('lists what is in force, and where it comes from', async () => {
  const { out } = await run(['catalogue'], { terminal: true })
  expect(out).toMatch(/anna +premium +0\.2 +1 +0\.35 +cloud +unknown +rule 0/)
  expect(out).not.toContain('\u001B[31m')
  expect(JSON.parse((await run(['catalogue', '--json'])).out)).toEqual(found)
})

it('prints rules so that they can be set again, by file or by standard input', async () => {
  const { out } = await run(['catalogue', 'get'])
  expect(JSON.parse(out)).toEqual({ if_version: 3, rules: found.rules })
  const file = join(newFolder(), 'rules.json')
  writeFileSync(file, out)
  expect((await run(['catalogue', 'set', file])).code).toBe(0)
  expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toEqual({ if_version: 3, rules: found.rules })
  expect((await run(['catalogue', 'set', '-'], { stdin: '[{"model": "x", "cost": 1}]' })).code).toBe(0)
  expect(server.requests.at(-1)).toMatchObject({ method: 'PUT', path: '/api/v1/director/catalogue' })
  expect(JSON.parse(server.requests.at(-1)?.body ?? '')).toEqual({ rules: [{ model: 'x', cost: 1 }] })
})

it.each([
  ['{"rules": [{"cost": 1}]}', 'rules.0.model: or provider is required'],
  ['rules', 'Standard input is not JSON'],
  ['[{"model": "x", "cost": 7}]', 'rules.0.cost'],
])('sends nothing that is wrong: %s', async (stdin, message) => {
  const told = await run(['catalogue', 'set', '-'], { stdin })
  expect([told.code, server.requests.length]).toEqual([64, 0])
  expect(told.err).toContain(message)
})
