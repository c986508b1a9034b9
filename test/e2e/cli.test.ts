/** The command line against a real server: a machine is set up, works, is watched, stopped and started again. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job, KillswitchState, Review } from '@modelreins/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from '../../worker-sdk/src/client/index.ts'
import { CliHome, type Ended, type RunningCli } from '../support/cli-process.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { isRunning } from '../support/standins/running.ts'
import { until } from '../support/until.ts'

let server: TestServer
let operator: Client
const homes: CliHome[] = []
const desk = newHome()
let workers = 0

function newHome(): CliHome {
  const home = new CliHome()
  homes.push(home)
  return home
}

/** A machine with a registered worker of its own; `capability` keeps jobs of other tests away from it. */
async function machine(command: string, more: readonly string[] = []): Promise<{ home: CliHome; name: string; capability: string }> {
  workers += 1
  const name = `machine-${workers}`
  const capability = `test.${workers}`
  const view = await desk.run(['workers', 'register', name, '--capability', `${capability}=auto`, ...more])
  expect(view).toMatchObject({ code: 0, err: '' })
  const home = newHome()
  await home.run(['config', 'set', 'token', '-'], { stdin: view.out })
  await home.run(['config', 'set', 'provider', 'spawn'])
  await home.run(['config', 'set', 'command', command])
  return { home, name, capability }
}

async function atWork(home: CliHome, words: readonly string[] = []): Promise<RunningCli> {
  const running = home.start(words)
  await running.until('is ready')
  return running
}

async function end(running: RunningCli): Promise<Ended> {
  running.signal('SIGTERM')
  return running.ended
}

function jobOf(told: Ended): Job {
  if (told.out === '') throw new Error(`no job: ${told.err}`)
  return JSON.parse(told.out) as Job
}

/** What other processes do takes this long at most; every wait says what it saw last. */
const patience = 20_000

function untilStatus(id: number, status: Job['status']): Promise<Job> {
  let last: Job | undefined
  return until(
    async () => {
      last = await operator.jobs.get({ job_id: id })
      return last.status === status ? last : undefined
    },
    patience,
    () => `job ${id} is ${last?.status ?? 'unknown'}, not ${status}${last?.error == null ? '' : `: ${last.error.message}`}`,
  )
}

/** Of the child that writes it there. */
function pidIn(home: CliHome): Promise<number> {
  const file = join(home.folder, 'child.pid')
  const read = (): string => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '')
  return until(
    () => (read() === '' ? undefined : Number(read())),
    patience,
    () => `no child has written ${file}`,
  )
}

const untilGone = (pid: number): Promise<true> =>
  until(
    () => !isRunning(pid) || undefined,
    patience,
    () => `process ${pid} still runs`,
  )

beforeAll(async () => {
  server = await startServer()
  operator = new Client({ url: server.url, token: server.ownerKey })
  await desk.run(['config', 'set', 'server', server.url])
  await desk.run(['config', 'set', 'admin_token', '-'], { stdin: server.ownerKey })
})
afterAll(async () => {
  for (const home of homes) home.close()
  await server.close()
})

describe('a machine', () => {
  it('is set up from a one-time view URL, and the doctor finds nothing wrong', async () => {
    const { home, name } = await machine('cat')
    expect(JSON.parse(readFileSync(home.configFile, 'utf8'))).toMatchObject({ server: server.url, provider: 'spawn' })
    expect((statSync(home.configFile).mode & 0o777).toString(8)).toBe('600')
    const told = await home.run(['doctor'])
    expect(told.code).toBe(0)
    const lines = told.out.trim().split('\n')
    expect(lines.map((line) => line.split('\t')[0])).toEqual(lines.map(() => 'ok'))
    expect(told.out).toContain(`worker ${name} of tenant ${server.tenant}`)
    expect(told.out).toContain('socket\tpossible')
  })

  it('is told by the doctor what is wrong, each with what to do, and the exit code of the first failure', async () => {
    const { home } = await machine('no-such-program-anywhere')
    const told = await home.run(['doctor', '--token', 'mrw_x'])
    expect(told.code).toBe(77)
    expect(told.out).toMatch(/^fail\ttoken\t/m)
    expect(told.out).toMatch(/^fail\tprovider\t/m)
    expect((await home.run(['doctor', '--server', 'http://127.0.0.1:9'])).code).toBe(69)
    const json = JSON.parse((await home.run(['doctor', '--json'])).out) as { ok: boolean; checks: { name: string; outcome: string }[] }
    expect(json.ok).toBe(false)
    expect(json.checks.filter((check) => check.outcome === 'fail').map((check) => check.name)).toEqual(['provider'])
  })

  it('does not show its token to others: not in the arguments that ps sees, nor in the environment of what it starts', async () => {
    const { home, capability } = await machine('env; cat')
    const { token } = JSON.parse(readFileSync(home.configFile, 'utf8')) as { token: string }
    await home.run(['config', 'unset', 'token'])
    const worker = await atWork(home, ['--token', token])
    if (existsSync('/proc')) expect(readFileSync(`/proc/${worker.pid}/cmdline`, 'utf8')).not.toContain(token)
    const told = await desk.run(['dispatch', 'hello', '--capability', capability])
    expect(told.out).toContain('PATH=')
    expect(told.out).not.toContain(token)
    expect((await end(worker)).out).not.toContain(token)
  })
})

describe('dispatch', () => {
  it('streams the answer to standard output and everything else beside it', async () => {
    const { home, capability } = await machine('cat; echo; echo aside >&2; echo end')
    const worker = await atWork(home)
    const told = await desk.run(['dispatch', 'Hello,', 'wörld', '--capability', capability])
    expect(told).toEqual({ code: 0, out: 'Hello, wörld\nend\n', err: 'aside\n' })
    expect(await desk.run(['dispatch', '--capability', capability, '--quiet'], { stdin: 'from a pipe' })).toMatchObject({
      out: 'from a pipe\nend\n',
      err: '',
    })
    writeFileSync(join(desk.folder, 'prompt.md'), 'from a file')
    const json = await desk.run([
      'dispatch',
      '--file',
      'prompt.md',
      '--capability',
      capability,
      '--effort',
      'deep',
      '--thread',
      'drafts',
      '--json',
      '--queue',
      '--no-wait',
    ])
    expect(jobOf(json)).toMatchObject({ prompt: 'from a file', effort: 'deep', thread_id: 'drafts', status: 'pending' })
    expect(jobOf(await desk.run(['dispatch', 'x', '--capability', capability, '--json']))).toMatchObject({ status: 'done', exit_code: 0 })
    await end(worker)
  })

  it('keeps the streams of a job that ends at once apart, and says nothing twice', async () => {
    const { home, capability } = await machine('sh')
    const worker = await atWork(home)
    const told = await desk.run(['dispatch', 'printf hi; echo err >&2; sleep 0.1; echo there', '--capability', capability])
    expect(told).toEqual({ code: 0, out: 'hithere\n', err: 'err\n' })
    await end(worker)
  })

  it('ends with the exit code of the job, or of what went wrong before there was one', async () => {
    const { home, name, capability } = await machine('echo half; echo broken >&2; exit 3')
    const offline = await desk.run(['dispatch', 'x', '--target', name])
    expect(offline.code).toBe(69)
    expect(offline.err).toContain('--queue')
    const worker = await atWork(home)
    const failed = await desk.run(['dispatch', 'x', '--capability', capability])
    expect(failed.code).toBe(1)
    expect(failed.out).toBe('half\n')
    expect(failed.err).toContain('broken\n')
    expect(failed.err).toMatch(/job \d+ failed by .*\n {2}exit_error: /s)
    expect((await desk.run(['dispatch', 'x', '--token', 'mrk_x'])).code).toBe(77)
    expect((await desk.run(['dispatch', 'x', '--priority', '99'])).code).toBe(64)
    await end(worker)
  })

  it('leaves the job alone when it is left, and says how to find it again', async () => {
    const { home, capability } = await machine('echo begun; sleep 2; echo ended')
    const worker = await atWork(home)
    const watching = desk.start(['dispatch', 'x', '--capability', capability])
    await watching.until('begun')
    watching.signal('SIGINT')
    const left = await watching.ended
    expect(left.code).toBe(130)
    const id = /Left job (\d+)/.exec(left.err)?.[1] ?? ''
    const followed = await desk.run(['job', id, '--follow'])
    expect(followed).toMatchObject({ code: 0, out: 'begun\nended\n' })
    expect(await desk.run(['job', id, '--result'])).toMatchObject({ code: 0, out: 'begun\nended' })
    await end(worker)
  })
})

describe('job and jobs', () => {
  it('say why a job waits, abort it and try it again', async () => {
    const { name, capability } = await machine('cat')
    const job = jobOf(await desk.run(['dispatch', 'wait', '--capability', capability, '--thread', 'why', '--queue', '--no-wait', '--json']))
    const id = String(job.id)
    const why = await desk.run(['job', id, '--why'])
    expect(why.out).toMatch(/^status\tpending\nanswer\t/)
    expect(why.out).toContain(`${name}\tyes\tno`)
    expect((await desk.run(['jobs', '--thread', 'why'])).out).toMatch(new RegExp(`^${id}\tpending\t`))
    expect((await desk.run(['jobs', 'abort', '--thread', 'why', '--dry-run'])).out).toBe(`${id}\n`)
    expect((await desk.run(['jobs', 'abort', '--thread', 'why'])).err).toContain('--yes')
    expect((await desk.run(['job', id, '--abort', '--reason', 'not needed'])).out).toBe('failed\n')
    expect((await desk.run(['job', id])).out).toMatch(/^error\taborted: .*not needed/m)
    expect((await desk.run(['job', id, '--retry', '--json'])).out).toContain('"pending"')
    expect((await desk.run(['job', id, '--retry'])).code).toBe(65)
    expect((await desk.run(['jobs', 'abort', '--thread', 'why', '--yes'])).out).toBe(`${id}\n`)
    expect((await desk.run(['job', '999999'])).code).toBe(66)
  })
})

describe('artifacts', () => {
  it('are listed and downloaded under their own name, over no other file', async () => {
    await operator.uploadArtifact(new TextEncoder().encode('a report'), { filename: 'my report.txt' })
    const slug = (await desk.run(['artifacts'])).out.split('\t')[0] ?? ''
    expect(await desk.run(['artifacts', 'get', slug])).toEqual({ code: 0, out: 'my report.txt\n', err: '' })
    expect(readFileSync(join(desk.folder, 'my report.txt'), 'utf8')).toBe('a report')
    expect((await desk.run(['artifacts', 'get', slug])).err).toContain('my report.txt is there already')
    expect(await desk.run(['artifacts', 'get', slug, '-o', '-'])).toEqual({ code: 0, out: 'a report', err: '' })
    expect((await desk.run(['artifacts', 'get', 'no-such-slug'])).code).toBe(66)
  })
})

describe('a worker at work', () => {
  it('drains at the first signal: what runs ends, nothing new begins', async () => {
    const { home, capability } = await machine('sleep 1; echo finished')
    const worker = await atWork(home)
    const job = jobOf(await desk.run(['dispatch', 'x', '--capability', capability, '--no-wait', '--json']))
    await worker.until(`job ${job.id} started`)
    worker.signal('SIGINT')
    await worker.until('draining: no new jobs, waiting for 1 job')
    const next = await desk.run(['dispatch', 'y', '--capability', capability, '--queue', '--no-wait', '--json'])
    expect((await worker.ended).code).toBe(0)
    expect(await operator.jobs.get({ job_id: job.id })).toMatchObject({ status: 'done', result: 'finished' })
    expect(await operator.jobs.get({ job_id: jobOf(next).id })).toMatchObject({ status: 'pending', attempt: 0 })
    await desk.run(['job', String(jobOf(next).id), '--abort'])
  })

  it('stops at once at the second: children die, even those that ignore TERM, and the job is handed back', async () => {
    const { home, capability } = await machine(`trap '' TERM; echo $$ > child.pid; sleep 60 & wait; sleep 60`)
    const worker = await atWork(home)
    const job = jobOf(await desk.run(['dispatch', 'x', '--capability', capability, '--no-wait', '--json']))
    const child = await pidIn(home)
    worker.signal('SIGINT')
    await worker.until('draining')
    worker.signal('SIGINT')
    expect((await worker.ended).code).toBe(130)
    expect(() => process.kill(child, 0)).toThrow()
    expect(['pending', 'retry']).toContain((await operator.jobs.get({ job_id: job.id })).status)
    await desk.run(['job', String(job.id), '--abort'])
  })

  it.each(['SIGHUP', 'SIGQUIT'] as const)('stops at once at %s, as when its terminal is closed', async (signal) => {
    const { home, capability } = await machine(`trap '' TERM HUP QUIT; echo $$ > child.pid; sleep 60 & wait; sleep 60`)
    const worker = await atWork(home)
    const job = jobOf(await desk.run(['dispatch', 'x', '--capability', capability, '--no-wait', '--json']))
    const child = await pidIn(home)
    worker.signal(signal)
    expect((await worker.ended).code).toBe(130)
    expect(() => process.kill(child, 0)).toThrow()
    expect(['pending', 'retry']).toContain((await operator.jobs.get({ job_id: job.id })).status)
    await desk.run(['job', String(job.id), '--abort'])
  })

  it('stops at once when nobody reads what it writes any more', async () => {
    const { home, capability } = await machine('echo $$ > child.pid; echo words; sleep 60')
    const worker = await atWork(home, ['--verbose'])
    worker.closeOutput()
    const job = jobOf(await desk.run(['dispatch', 'x', '--capability', capability, '--no-wait', '--json']))
    expect((await worker.ended).code).toBe(130)
    if (existsSync(join(home.folder, 'child.pid'))) {
      const child = await pidIn(home)
      expect(() => process.kill(child, 0)).toThrow()
    }
    expect(['pending', 'retry']).toContain((await operator.jobs.get({ job_id: job.id })).status)
    await desk.run(['job', String(job.id), '--abort'])
  })

  it('leaves nothing running when it is killed itself', async () => {
    const { home, capability } = await machine(`trap '' TERM; echo $$ > child.pid; sleep 60 & wait; sleep 60`)
    const worker = await atWork(home)
    const job = jobOf(await desk.run(['dispatch', 'x', '--capability', capability, '--no-wait', '--json']))
    const child = await pidIn(home)
    worker.signal('SIGKILL')
    await worker.ended
    await untilGone(child)
    await desk.run(['job', String(job.id), '--abort'])
  })

  it('keeps a result that the server was not there to take, and delivers it after a restart of both', async () => {
    const { home, name, capability } = await machine('echo working; sleep 2; echo kept')
    const worker = await atWork(home, ['--name', name])
    const job = jobOf(await desk.run(['dispatch', 'x', '--capability', capability, '--no-wait', '--json']))
    await worker.until(`job ${job.id} started`)
    await server.kill()
    await worker.until(`job ${job.id} done`)
    expect((await end(worker)).code).toBe(0)
    const outbox = join(home.folder, 'modelreins', 'outbox')
    const [file = ''] = readdirSync(outbox)
    expect(readFileSync(join(outbox, file), 'utf8')).toContain('kept')
    expect((statSync(join(outbox, file)).mode & 0o777).toString(8)).toBe('600')
    await server.start()
    const again = await atWork(home, ['--name', name])
    expect(await untilStatus(job.id, 'done')).toMatchObject({ result: 'working\nkept', attempt: 1 })
    expect((await end(again)).code).toBe(0)
    expect(readFileSync(join(outbox, file), 'utf8')).toBe('')
  })

  it('is refused while another process has its name, and ends when its token is revoked', async () => {
    const { home, name } = await machine('cat')
    const worker = await atWork(home)
    const second = await home.run([])
    expect(second.code).toBe(65)
    expect(second.err.match(/--takeover/g)).toHaveLength(1)
    expect(second.err.trim().split('\n')).toHaveLength(1)
    expect((await desk.run(['workers', 'revoke', name])).err).toContain('--yes')
    expect((await desk.run(['workers', 'revoke', name, '--yes'])).code).toBe(0)
    expect((await worker.ended).code).toBe(77)
  })

  it('says which token was refused, and ends with its code', async () => {
    const home = newHome()
    const told = await home.run(['--server', server.url, '--token', 'mrw_x', '--provider', 'spawn', '--command', 'cat'])
    expect(told).toMatchObject({ code: 77 })
    expect(told.err.match(/refuses this token/g)).toHaveLength(1)
    expect(told.err.trim().split('\n')).toHaveLength(2)
  })

  it('speaks JSON, one line per event, when it is asked to', async () => {
    const { home, capability } = await machine('cat')
    const worker = home.start(['--json'])
    await worker.until('"ready"')
    await desk.run(['dispatch', 'hi', '--capability', capability])
    const { out } = await end(worker)
    const events = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event)
    expect(events).toEqual(expect.arrayContaining(['starting', 'connected', 'ready', 'job:start', 'job:done', 'stopped']))
  })
})

describe('reviews', () => {
  it('are decided about what was read, and nothing else', async () => {
    const { home, name, capability } = await machine('cat')
    await desk.run(['workers', 'set', name, '--capability', `${capability}=approve`])
    const worker = await atWork(home)
    const job = jobOf(await desk.run(['dispatch', 'publish', '--capability', capability, '--no-wait', '--json']))
    expect(job).toMatchObject({ status: 'pending', hold: 'review' })
    const id = String(job.review_id)
    const alone = await desk.run(['reviews', 'approve', id, '--yes'])
    expect(alone.err).toMatch(/nobody else can approve it \(.* owner-by-link\)\. .*POST \/api\/v1\/members .*PATCH \/api\/v1\/workers\/wk/)
    const reviewer = newHome()
    const view = await desk.run(['members', 'add', 'Ada', '--role', 'reviewer'])
    await reviewer.run(['config', 'set', 'admin_token', view.out.trim()])
    const review = JSON.parse((await reviewer.run(['reviews', 'show', id, '--json'])).out) as Review
    expect((await reviewer.run(['reviews', 'approve', id])).err).toContain('--yes')
    expect((await reviewer.run(['reviews', 'approve', id, '--digest', '0123456789ab'])).err).toContain('is about something else now')
    const other = await desk.run(['reviews', 'approve', id, '--yes'])
    expect(other).toMatchObject({ code: 77 })
    expect(other.err).toContain('so somebody else approves it: Ada.')
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
  it('stays on the list until somebody says that he has looked', async () => {
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
