/** The command line of those who oversee, against a real server: reviews, audit trail, webhooks, events, killswitch. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FeedFrame, KillswitchState, Review } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { Client } from '../../worker-sdk/src/client/index.ts'
import { atWork, desk, end, jobOf, machine, newHome, operator, server, untilStatus, useServer } from '../support/cli-machines.ts'

useServer()

describe('reviews', () => {
  it('are decided about what was read, and nothing else', async () => {
    const { home, name, capability } = await machine('cat')
    await desk.run(['workers', 'set', name, '--capability', `${capability}=approve`])
    const worker = await atWork(home)
    const job = jobOf(await desk.run(['dispatch', 'publish', '--capability', capability, '--no-wait', '--json']))
    expect(job).toMatchObject({ status: 'pending', hold: 'review' })
    const id = String(job.review_id)
    const alone = await desk.run(['reviews', 'approve', id, '--yes'])
    expect(alone.err).toMatch(
      /no other member can approve it \(.* owner-by-link\)\. .*POST \/api\/v1\/members .*PATCH \/api\/v1\/workers\/wk/,
    )
    const reviewer = newHome()
    const view = await desk.run(['members', 'add', 'Ada', '--role', 'reviewer'])
    await reviewer.run(['config', 'set', 'admin_token', view.out.trim()])
    const review = JSON.parse((await reviewer.run(['reviews', 'show', id, '--json'])).out) as Review
    expect((await reviewer.run(['reviews', 'approve', id])).err).toContain('--yes')
    expect((await reviewer.run(['reviews', 'approve', id, '--digest', '0123456789ab'])).err).toContain('has a different payload now')
    const other = await desk.run(['reviews', 'approve', id, '--yes'])
    expect(other).toMatchObject({ code: 77 })
    expect(other.err).toContain('so another member must approve it: Ada.')
    const edited = await reviewer.run([
      'reviews',
      'edit',
      id,
      '--payload',
      '{"prompt":"publish to staging"}',
      '--digest',
      review.digest.slice(0, 16),
    ])
    expect(edited).toMatchObject({ code: 0 })
    expect(await untilStatus(job.id, 'done')).toMatchObject({ result: 'publish to staging' })
    await end(worker)
  })

  it('are taken back, and the job that waited says why', async () => {
    const { name, capability } = await machine('cat')
    await desk.run(['workers', 'set', name, '--capability', `${capability}=approve`])
    const job = jobOf(await desk.run(['dispatch', 'publish', '--capability', capability, '--queue', '--no-wait', '--json']))
    const id = String(job.review_id)
    expect(await desk.run(['reviews', 'withdraw', id, '--reason', 'done by hand'])).toEqual({
      code: 0,
      out: `review ${id} withdrawn\n`,
      err: '',
    })
    expect((await desk.run(['job', String(job.id)])).out).toMatch(/^error\twithdrawn: .*done by hand/m)
    expect((await desk.run(['reviews', 'withdraw', '99999'])).code).toBe(66)
  })
})

describe('what ran under the tier audit', () => {
  it('stays on the list until a member confirms having looked', async () => {
    const { home, name, capability } = await machine('cat')
    await desk.run(['workers', 'set', name, '--capability', `${capability}=audit`])
    const worker = await atWork(home)
    const job = jobOf(await desk.run(['dispatch', 'hi', '--capability', capability, '--json']))
    const listed = (await desk.run(['audit', 'look'])).out.trim().split('\t')
    expect(listed.slice(2, 5)).toEqual([name, capability, String(job.id)])
    const seq = listed[0] ?? ''
    expect(await desk.run(['audit', 'seen', seq])).toEqual({ code: 0, out: `${seq}\tseen\n`, err: '' })
    expect((await desk.run(['audit', 'look'])).out).toBe('')
    expect((await desk.run(['audit', 'look', '--all'])).out).toMatch(/ by owner\n$/)
    expect((await desk.run(['audit', 'seen', seq])).code).toBe(1)
    await end(worker)
  })
})

describe('webhooks', () => {
  it('are created, listed, asked what they sent, and deleted', async () => {
    const url = 'https://bridge.example.com/in'
    const [id = '', secret = ''] = (await desk.run(['webhooks', 'create', url, '--events', 'killswitch.raised'])).out.trim().split('\t')
    expect(secret).toMatch(/^whsec_/)
    const list = (await desk.run(['webhooks'])).out
    expect(list).toMatch(new RegExp(`^${id}\tactive\t.*\tkillswitch.raised\t${url}\n$`))
    expect(list).not.toContain(secret)
    expect(await desk.run(['webhooks', 'deliveries', id])).toEqual({ code: 0, out: '', err: '' })
    expect((await desk.run(['webhooks', 'delete', id, '--yes'])).code).toBe(0)
    expect((await desk.run(['webhooks', 'deliveries', id])).code).toBe(66)
    expect((await desk.run(['webhooks', 'create', 'http://127.0.0.1:1/'])).err).toContain('Webhooks cannot go to')
  })
})

describe('the audit trail', () => {
  it('is taken away, verified without the server, and a changed row is named', async () => {
    const file = join(desk.folder, 'trail.ndjson')
    expect((await desk.run(['audit', 'export', file])).code).toBe(0)
    writeFileSync(join(desk.folder, 'heads.json'), (await desk.run(['audit', 'heads'])).out)
    const verified = await desk.run(['audit', 'verify', file, '--key', 'heads.json'])
    expect(verified.code).toBe(0)
    expect(verified.out).toMatch(/^ok: \d+ rows/)
    writeFileSync(file, readFileSync(file, 'utf8').replace('"machine-1"', '"machine-x"').replace('silicon machine-1', 'silicon machine-x'))
    const bad = await desk.run(['audit', 'verify', file, '--key', 'heads.json'])
    expect(bad.code).toBe(1)
    expect(bad.out).toMatch(/^BAD: changed: .*\nfirst bad row\t\d+/)
    expect((await desk.run(['audit', '--action', 'worker.register', '--limit', '1'])).out.split('\n')).toHaveLength(2)
  })
})

describe('events', () => {
  it('are followed with the frames as JSON, resumed after a sequence number, and end with Ctrl-C', async () => {
    const { worker_id } = await operator.workers.register({ name: 'watched' })
    const follower = desk.start(['events', '--follow', '--noun', 'worker', '--json'])
    await follower.until('"type":"open"')
    await operator.workers.update({ worker_id, description: 'seen' })
    await follower.until('worker.update')
    follower.signal('SIGINT')
    const told = await follower.ended
    expect(told.code).toBe(130)
    const frames = told.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as FeedFrame)
    const events = frames.filter((frame) => frame.type === 'event')
    expect(events.map(({ action, subject }) => [action, subject])).toEqual([['worker.update', `worker:${worker_id}`]])
    const again = desk.start(['events', '--follow', '--id', `worker:${worker_id}`, '--after', String((events[0]?.seq ?? 0) - 1)])
    await again.until('worker.update')
    again.signal('SIGINT')
    expect((await again.ended).out).toMatch(new RegExp(`^ *${events[0]?.seq}  .*  worker.update +worker:${worker_id}  member:`))
  })

  it('are what status --watch waits for', async () => {
    const watch = desk.start(['status', '--watch', '--json'])
    await watch.until('"killswitch"')
    const before = await operator.jobs.list({ status: ['pending'] })
    await operator.jobs.dispatch({ prompt: 'wait', when_offline: 'queue', not_before: new Date(Date.now() + 3_600_000).toISOString() })
    await watch.until(`"pending":{"count":${before.items.length + 1}`)
    watch.signal('SIGINT')
    expect((await watch.ended).code).toBe(130)
  })
})

// Last: it stops everything.
describe('kill', () => {
  it('stops every worker, waits for their word, and names who is silent', async () => {
    const { home, capability } = await machine('sleep 60')
    const worker = await atWork(home)
    const job = jobOf(await desk.run(['dispatch', 'x', '--capability', capability, '--no-wait', '--json']))
    await worker.until(`job ${job.id} started`)
    const silent = await machine('cat')
    const { token } = JSON.parse(readFileSync(silent.home.configFile, 'utf8')) as { token: string }
    await new Client({ url: server.url, token }).presence.report({ status: 'active' })
    const told = await desk.run(['kill', '--reason', 'drill', '--timeout', '3s'])
    expect(told.code).toBe(75)
    expect(told.out).toMatch(/^killswitch 3 stop \(drill\)\n/)
    expect(told.out).toMatch(/^acknowledged\t/m)
    expect(told.out).toMatch(new RegExp(`^straggler\t${silent.name}\t`, 'm'))
    expect((await worker.ended).code).toBe(75)
    expect((await home.run([])).code).toBe(75)
    expect((await desk.run(['dispatch', 'x'])).code).toBe(75)
    expect((await desk.run(['status'])).out).toMatch(/^killswitch\t3 stop \(drill\)/m)
    const state = JSON.parse((await desk.run(['kill', '--clear', '--resume-all', '--json'])).out) as KillswitchState
    expect(state.level).toBe(0)
    expect((await end(await atWork(home))).code).toBe(0)
  })
})
