/** Failures are told in the words of the command line and end with the exit codes of the problem table. */
import { dirname, join } from 'node:path'
import { problemCodes, problems } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { clockCheck } from '../../../../../worker-sdk/src/cli/setup/checks.ts'
import { failureReport } from '../../../../../worker-sdk/src/cli/output/failure.ts'
import { outboxPath } from '../../../../../worker-sdk/src/cli/setup/worker-settings.ts'
import { errorFromProblem, networkError } from '../../../../../worker-sdk/src/client/error.ts'
import { fileOutbox } from '../../../../../worker-sdk/src/worker/delivery/outbox.ts'
import { Stage } from '../stage.ts'
import { memberKey, workerToken } from '../view-server.ts'

describe('a failure', () => {
  it.each(problemCodes)('%s ends with the exit code of its row', (code) => {
    const { status, title, exit } = problems[code]
    const told = failureReport(errorFromProblem(status, { code, title, status, detail: 'What happened.' }))
    expect(told.exitCode).toBe(exit)
    expect(told.help ?? '').not.toMatch(/`(?:detail|issues|instance|takeover|retry_after_ms)`|DELETE|POST/)
  })

  it('that names fields names them', () => {
    const error = errorFromProblem(400, { code: 'invalid-request', title: 'Not valid', issues: [{ path: 'effort', message: 'unknown' }] })
    expect(failureReport(error).message).toContain('effort: unknown')
  })

  it('of the network says where to look', () => {
    expect(failureReport(networkError('http://x.example/y', new Error('boom')))).toMatchObject({
      exitCode: 69,
      help: expect.stringContaining('doctor') as string,
    })
  })

  it('says of something that is gone what the server invocation, and nothing about links', () => {
    const told = failureReport(
      errorFromProblem(410, { code: 'gone', title: 'Gone', detail: 'The bytes of this artifact have been erased.' }),
    )
    expect(`${told.message} ${told.help ?? ''}`).not.toMatch(/rotate|link/)
  })

  it.each(['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])(
    'over a certificate nobody here knows (%s) names NODE_EXTRA_CA_CERTS',
    (code) => {
      const refused = Object.assign(new Error('self-signed certificate in certificate chain'), { code })
      expect(networkError('https://x.example/y', new TypeError('fetch failed', { cause: refused })).message).toContain(
        'NODE_EXTRA_CA_CERTS',
      )
    },
  )

  it('of the operating system is not called a bug', async () => {
    const told = await new Stage().run([
      'dispatch',
      '--file',
      '/nonexistent/prompt',
      '--token',
      memberKey,
      '--server',
      'http://127.0.0.1:9',
    ])
    expect(told.code).toBe(74)
    expect(told.err).toContain('no such file')
  })

  it('is one JSON line on standard error with --json', async () => {
    const told = await new Stage().run(['status', '--json'])
    expect(JSON.parse(told.err)).toMatchObject({ error: { code: 'invalid-request', exit_code: 64 } })
    expect(told.out).toBe('')
  })
})

describe('settings that are missing', () => {
  it.each([
    [[], 'This worker is not set up yet'],
    [['--token', workerToken], 'No server address'],
    [['--server', 'http://x.example'], 'No token'],
    [['status'], 'No key for the server'],
    [['status', '--token', memberKey], 'No server address'],
    [['--server', 'http://x.example', '--token', workerToken, '--transport', 'pigeon'], '--transport is one of auto, socket, poll'],
  ])('%j says how to give them', async (words, message) => {
    const told = await new Stage().run(words)
    expect(told.code).toBe(64)
    expect(told.err).toContain(message)
  })

  it('are taken in the order flag, environment, config file', async () => {
    const stage = new Stage()
    await stage.run(['config', 'set', 'server', 'http://127.0.0.1:1'])
    const unreachable = async (words: readonly string[], env: Record<string, string> = {}): Promise<string> =>
      (await stage.run(['status', '--token', memberKey, ...words], { env })).err
    expect(await unreachable([])).toContain('http://127.0.0.1:1')
    expect(await unreachable([], { MODELREINS_URL: 'http://127.0.0.1:9' })).toContain('http://127.0.0.1:9')
    expect(await unreachable(['--server', 'http://127.0.0.1:11'], { MODELREINS_URL: 'http://127.0.0.1:9' })).toContain(
      'http://127.0.0.1:11',
    )
  })
})

describe('the clock of this machine', () => {
  const server = { time: '2030-01-01T00:00:00.000Z' }
  const at = (ms: number) => clockCheck(server, Date.parse(server.time) + ms)

  it('agrees, is off, or is far off', () => {
    expect([at(0).outcome, at(4_999).outcome, at(-5_000).outcome, at(600_000).outcome]).toEqual(['ok', 'ok', 'warn', 'fail'])
    expect(at(-5_000).detail).toBe('5.0s behind the server')
    expect(at(600_000).detail).toBe('10m ahead of the server')
  })
})

describe('the outbox of a worker', () => {
  const path = (worker: Parameters<typeof outboxPath>[1]): string => outboxPath('/home/a/.config/modelreins/config.json', worker)

  it('is beside the config file, one per credential, whatever the worker is called', () => {
    const mine = '/home/a/.config/modelreins/outbox/acme.abcdefgh12.jsonl'
    expect(path({ token: workerToken, name: 'a' })).toBe(mine)
    expect(path({ token: workerToken, name: 'b' })).toBe(mine)
    expect(path({ token: workerToken, name: undefined })).toBe(mine)
  })

  it('is one per name where a member key has several workers', () => {
    expect(path({ token: memberKey, name: 'a' })).not.toBe(path({ token: memberKey, name: 'b' }))
  })

  it('cannot be led elsewhere by a name, nor does it hold the token', () => {
    expect(path({ token: memberKey, name: '../../etc/x' })).toBe('/home/a/.config/modelreins/outbox/acme.hgfedcba21..._.._etc_x.jsonl')
    expect(path({ token: workerToken, name: undefined })).not.toContain(workerToken.slice(-24))
  })

  it('is looked at by the doctor, with what other tokens have left beside it', async () => {
    const stage = new Stage()
    const env = { MODELREINS_TOKEN: workerToken, MODELREINS_URL: 'http://127.0.0.1:9' }
    expect((await stage.run(['doctor'], { env })).out).not.toContain('outbox')
    const folder = join(dirname(stage.configFile), 'outbox')
    const put = (file: string, job_id: number): void =>
      fileOutbox(join(folder, file)).put({ kind: 'complete', token: `lease ${job_id}`, attempt: 1, body: { job_id } })
    put('acme.abcdefgh12.jsonl', 1)
    put('acme.abcdefgh12.jsonl', 2)
    put('acme.before.jsonl', 3)
    const { out } = await stage.run(['doctor'], { env })
    expect(out).toContain('warn\toutbox\t2 completions wait to be delivered\t')
    expect(out).toContain(`warn\toutbox\t1 completion waits in ${folder}/acme.before.jsonl, of another worker or an earlier token\t`)
  })
})
