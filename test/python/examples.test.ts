/** What the documents show of Python, run as it stands: the examples, the command line, a client, the first program of the README. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Review } from '@modelreins/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Fleet, newest, without } from '../support/python/fleet.ts'
import { until } from '../support/until.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = (name: string): string => join(root, 'examples', name)
const folder = mkdtempSync(join(tmpdir(), 'modelreins-python-examples-'))
let fleet: Fleet

const draft = { name: 'email.draft', risk_tier: 'auto' }
const approve = { name: 'email.send', risk_tier: 'approve', policy: { self_approval: true } }
const asked = (id: number): Promise<Review> =>
  until(async () => (await fleet.owner<{ items: Review[] }>('GET', `/api/v1/reviews?job_id=${id}&status=pending`)).body.items[0], 30_000)

describe.skipIf(without !== undefined)('what the documents show of Python', () => {
  beforeAll(async () => {
    fleet = await Fleet.open()
  })
  afterEach(() => fleet.programs.end())
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await fleet.close()
  })
  const start = async (file: string, token: string, env: Readonly<Record<string, string>> = {}) => {
    const program = fleet.programs.start(newest, file, { env: { MODELREINS_URL: fleet.server.url, MODELREINS_TOKEN: token, ...env } })
    await program.said(/ is ready at /)
    return program
  }
  /** `python -m modelreins_worker ...` */
  const cli = (words: readonly string[], token: string, env: Readonly<Record<string, string>> = {}) =>
    fleet.programs.start(newest, '-m', {
      arguments: ['modelreins_worker', ...words],
      env: { MODELREINS_URL: fleet.server.url, MODELREINS_TOKEN: token, ...env },
    })

  test('python-triager sorts mails, streams and answers JSON', async () => {
    const { token } = await fleet.register('python-triager', { capabilities: [{ name: 'email.triage', risk_tier: 'auto' }] })
    await start(example('python-triager/triager.py'), token)
    const job = await fleet.run('Your server is down!\n\nWhere is my invoice?', { capability: 'email.triage' })
    expect(job.output).toBe('mail 1: outage\nmail 2: billing\n')
    expect(JSON.parse(job.result ?? '')).toEqual({
      triaged: [
        { mail: 1, category: 'outage', priority: 'high' },
        { mail: 2, category: 'billing', priority: 'normal' },
      ],
    })
  })

  test('python-approved-mailer sends what was released, and nothing that was denied', async () => {
    const { token } = await fleet.register('python-mailer', { capabilities: [draft, approve] })
    const outgoing = join(folder, 'sent.jsonl')
    await start(example('python-approved-mailer/mailer.py'), token, { MAILER_OUTGOING: outgoing })
    const input = { from: 'kim@example.com', subject: 'Invoice' }
    const decide = async (id: number, body: object): Promise<void> => {
      const review = await asked(id)
      const { status, text } = await fleet.owner('POST', `/reviews/${review.id}/decide`, { body: { digest: review.digest, ...body } })
      expect(status, text).toBe(200)
    }
    const denied = await fleet.dispatch('We do not care.', { target: 'python-mailer', capability: draft.name, input })
    await decide(denied.id, { verdict: 'deny', comment: 'kinder, please' })
    expect(await fleet.settled(denied.id)).toMatchObject({ status: 'done', result: 'not sent: kinder, please' })
    const sent = await fleet.dispatch('We look into it.', { target: 'python-mailer', capability: draft.name, input })
    const payload = { to: 'kim@example.com', subject: 'Re: Invoice', text: 'We are on it.' }
    await decide(sent.id, { verdict: 'edit', payload })
    expect(await fleet.settled(sent.id)).toMatchObject({ status: 'done', result: 'sent to kim@example.com' })
    expect(JSON.parse(readFileSync(outgoing, 'utf8'))).toEqual(payload)
  })

  test('the command line runs a shell line, dispatches to it, and looks at the machine', async () => {
    const { token } = await fleet.register('counter')
    const doctor = cli(['doctor'], token)
    expect(await doctor.exit, doctor.text()).toBe(0)
    expect(doctor.text()).toMatch(/^ok {4}token {7}worker counter of tenant \w+$/m)
    const worker = cli(['run', '--command', 'tr a-z A-Z; echo working >&2; test "$(env | grep -c MODELREINS_TOKEN)" = 0'], token)
    await worker.said(/ is ready at /)
    const dispatched = cli(['dispatch', '--target', 'counter', 'count me in'], token, { MODELREINS_ADMIN_TOKEN: fleet.ownerKey })
    expect(await dispatched.exit, dispatched.text()).toBe(0)
    expect(dispatched.text()).toContain('COUNT ME IN')
    worker.kill('SIGTERM')
    expect(await worker.exit).toBe(0)
    const failing = cli(['run', '--command', 'echo no luck >&2; exit 4'], token)
    await failing.said(/ is ready at /)
    const failed = cli(['dispatch', '--target', 'counter', 'x'], token, { MODELREINS_ADMIN_TOKEN: fleet.ownerKey })
    expect(await failed.exit).toBe(1)
    expect(failed.text()).toMatch(/error: job \d+ failed: Exited with code 4: no luck/)
    const odd = cli(['frobnicate'], token)
    expect(await odd.exit).toBe(64)
    const refused = cli(['doctor'], 'mrw_local_nobody')
    expect(await refused.exit, refused.text()).toBe(77)
  })

  test('the client dispatches, streams through broken connections, waits and completes', async () => {
    await fleet.worker('talker')
    const code = `from modelreins_worker import Client, JobFailed, ModelReinsError
client = Client()
print(client.complete("hello", target="talker"))
job = client.dispatch("talk 300", target="talker")
seqs = [event.data["seq"] for event in client.stream(job.id) if event.event == "output"]
assert seqs == list(range(len(seqs))), seqs
assert [event.event for event in client.stream(job.id, after=seqs[-1])] == ["end"]
print(client.wait(job.id).status, client.wait(job.id).result)
try:
    client.complete("fail of course", target="talker")
except JobFailed as error:
    print(error, error.job["status"])
try:
    client.jobs.get(99999)
except ModelReinsError as error:
    print(error.code, error.status, error.retryable, error.help)
artifact = client.upload_artifact(b"bytes", filename="a.txt", job_id=job.id)
print(client.download_artifact(artifact.url).text(), client.artifacts.list(job_id=job.id).items_[0].filename)
print([job.id for job in client.jobs.list(status=["failed"], limit=1).items_] != [], client.jobs.why(job.id).status)
print("html" in client.service.docs(), client.service.metrics()[:1], client.audit.query(limit=1)["items"][0]["seq"] > 0)`
    const program = fleet.programs.start(newest, undefined, {
      code,
      env: { MODELREINS_URL: fleet.server.url, MODELREINS_API_KEY: fleet.ownerKey },
    })
    expect(await program.exit, program.text()).toBe(0)
    expect(program.text()).toMatch(
      /^echo: hello\ndone 300\njob \d+ failed: ValueError: of course failed\nnot-found 404 False Check the path and the id\.\nbytes a\.txt\nTrue done\nTrue # True\n$/,
    )
  })

  test('a worker of the calls one by one, as earlier versions made them', async () => {
    const { token } = await fleet.register('by-hand')
    const { id } = await fleet.dispatch('by hand', { target: 'by-hand' })
    const code = `from modelreins_worker import Worker, WorkerError
worker = Worker(name="some-name", poll_interval=1.0, timeout=30.0)
worker.heartbeat(status="active", details="here", tags="a,b")
job, = worker.inbox(status="pending")
worker.claim(job["id"])
print(worker.upload_artifact(b"x", "text/plain", job_id=job["id"])["url"][:3])
print(worker.submit_review(type="post", title="t", content="c", job_id=job["id"])["status"])
worker.complete(job["id"], result="by hand, too", status="done")
try:
    worker.complete(job["id"], result="again", status="failed")
except WorkerError as error:
    print(error.code)`
    const program = fleet.programs.start(newest, undefined, { code, env: { MODELREINS_URL: fleet.server.url, MODELREINS_TOKEN: token } })
    expect(await program.exit, program.text()).toBe(0)
    expect(program.text()).toBe('/s/\npending\nwrong-state\n')
    expect(await fleet.job(id)).toMatchObject({ status: 'done', result: 'by hand, too' })
  })
})
