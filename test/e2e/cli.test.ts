/** The command line against a real server: a machine is set up, works, is watched, stopped and started again. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  atWork,
  desk,
  end,
  jobOf,
  machine,
  newHome,
  operator,
  pidIn,
  server,
  untilGone,
  untilStatus,
  useServer,
} from '../support/cli-machines.ts'

useServer()

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
    const id = /Stopped following job (\d+)/.exec(left.err)?.[1] ?? ''
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

describe('threads', () => {
  it('are continued from one answer, listed, read, and erased for good', async () => {
    const { home, capability } = await machine('cat')
    const worker = await atWork(home)
    const ask = (prompt: string, ...more: readonly string[]) =>
      desk.run(['dispatch', prompt, '--capability', capability, '--thread', 'plan', '--json', ...more])
    const first = jobOf(await ask('Plan the\u202E trip\nto Rome'))
    const next = jobOf(await ask('Shorter', '--context-from', String(first.id)))
    expect(next).toMatchObject({ status: 'done', context: 'job', context_from: first.id })
    expect(next.result).toContain('Assistant: Plan the')
    expect((await ask('x', '--context-from', '999999')).err).toContain('context_from names job 999999, which does not exist')
    expect((await desk.run(['threads', '--text', 'TRIP'])).out).toMatch(/^plan\t2\t0\t.*\tPlan the trip\n$/)
    expect((await desk.run(['thread', 'plan'])).out).toContain(`job ${next.id} by `)
    expect((await desk.run(['threads', 'delete', 'plan'])).err).toContain('--yes')
    const gone = await desk.run(['threads', 'delete', 'plan', '--yes', '--json'])
    expect(JSON.parse(gone.out)).toMatchObject({ thread_id: 'plan', erased_jobs: 2, complete: true })
    expect(await desk.run(['thread', 'plan'])).toMatchObject({ code: 66, err: expect.stringContaining('It was deleted at') })
    expect(await desk.run(['job', String(next.id)])).toMatchObject({ code: 66, err: expect.stringContaining('erased with its thread') })
    await end(worker)
  })
})

describe('artifacts', () => {
  it('are listed and downloaded under their own name, over no other file', async () => {
    await operator.uploadArtifact(new TextEncoder().encode('a report'), { filename: 'my report.txt' })
    const slug = (await desk.run(['artifacts'])).out.split('\t')[0] ?? ''
    expect(await desk.run(['artifacts', 'get', slug])).toEqual({ code: 0, out: 'my report.txt\n', err: '' })
    expect(readFileSync(join(desk.folder, 'my report.txt'), 'utf8')).toBe('a report')
    expect((await desk.run(['artifacts', 'get', slug])).err).toContain('my report.txt already exists')
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
    // The watcher is told of a child right after it has begun: a kill in that moment is the one that leaves it alone.
    const { home, capability } = await machine(`trap '' TERM; sleep 0.5; echo $$ > child.pid; sleep 60 & wait; sleep 60`)
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
