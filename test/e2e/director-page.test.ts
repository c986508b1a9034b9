/** Executes the examples of docs/explanation/director.md, and of the approval of a schedule, as they stand. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Schedule } from '@modelreins/contract'
import { beforeAll, describe, expect, it } from 'vitest'
import { Client, redeemView } from '../../worker-sdk/src/client/index.ts'
import { newHome, operator, server, useServer } from '../support/cli-machines.ts'
import { cliMain, type CliHome } from '../support/cli-process.ts'

useServer()

const blocks = (path: string, kind: string): readonly string[] =>
  [
    ...readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8').matchAll(new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\``, 'gms')),
  ].map((found) => found[1] ?? '')

let home: CliHome
beforeAll(async () => {
  for (const [name, provider, model, capabilities] of [
    ['anna', 'codex', 'gpt-5', [{ name: 'mail.send', risk_tier: 'approve' as const }]],
    ['bert', 'ollama-http', 'qwen3:30b', []],
  ] as const) {
    const { view_url } = await operator.workers.register({ name, capabilities: [...capabilities] })
    const { token } = await redeemView(view_url)
    await new Client({ url: server.url, token }).presence.report({ instance: name, status: 'active', provider, model })
  }
  home = newHome()
  await home.run(['config', 'set', 'url', server.url])
  await home.run(['config', 'set', 'admin_token', '-'], { stdin: server.ownerKey })
  mkdirSync(join(home.folder, '.modelreins'))
  writeFileSync(join(home.folder, '.modelreins/authorization'), `Authorization: Bearer ${server.ownerKey}\n`)
})

const run = (lines: string, environment: Readonly<Record<string, string>> = {}): string =>
  execFileSync(
    'bash',
    [
      '-e',
      '-c',
      lines.replaceAll('npx modelreins-worker', `'${process.execPath}' '${cliMain}'`).replaceAll('http://127.0.0.1:8787', server.url),
    ],
    {
      cwd: home.folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: home.folder, NO_COLOR: '1', MODELREINS_CONFIG: home.configFile, ...environment },
    },
  )

describe('the examples of the page about the Director', () => {
  const [catalogue, fallback, preview, ...others] = blocks('explanation/director.md', 'sh')
  const [rules, ...otherRules] = blocks('explanation/director.md', 'json')

  it('are these', () => {
    expect([others, otherRules]).toEqual([[], []])
  })

  it('show, print and set the catalogue; the rules of the page are accepted, and count', async () => {
    expect(run(catalogue ?? '')).toContain('anna\tpremium')
    expect(JSON.parse(readFileSync(join(home.folder, 'rules.json'), 'utf8'))).toEqual({ if_version: 0, rules: [] })
    writeFileSync(join(home.folder, 'rules.json'), rules ?? '')
    run('npx modelreins-worker catalogue set rules.json')
    const { workers } = await operator.director.catalogue({})
    expect(workers.find((worker) => worker.name === 'bert')).toMatchObject({
      source: 'rule',
      rule: 0,
      quality: 0.6,
      model_class: 'local large',
    })
  })

  it('say where a job would begin, and why nothing is known of its cost', () => {
    const told = run(fallback ?? '')
    expect(told).toContain('It would be queued for bert. It would begin at step 2 of 2 after offline: bert.')
    expect(told).toContain('cost unknown: no job of bert has reported its cost')
    expect(run(preview ?? '')).toContain('It would be queued for bert.')
  })
})

it('approve and revoke the approval of a schedule', async () => {
  const body = { prompt: 'Report', capability: 'mail.send', when_offline: 'queue' as const }
  const made: Schedule = await operator.schedules.create({ name: 'nightly report', cron: '0 3 * * *', job: body })
  const { view_url } = await operator.members.create({ name: 'Rita', role: 'reviewer' })
  const { token } = await redeemView(view_url)
  const example = blocks('how-to/schedule-work.md', 'sh').find((block) => block.includes('schedules approve'))
  const [approve = '', revoke = ''] = (example ?? '').replaceAll('ID', made.schedule_id).split('\n')
  // Nobody sits here to be asked.
  run(approve.replace(/#.*/, '--yes'), { MODELREINS_ADMIN_TOKEN: token })
  const { approvals } = await operator.schedules.get({ schedule_id: made.schedule_id })
  expect(approvals).toEqual([expect.objectContaining({ by: 'member:Rita' })])
  expect(approvals[0]?.void).toBeUndefined()
  run(revoke)
  expect((await operator.schedules.get({ schedule_id: made.schedule_id })).approvals).toEqual([])
})
