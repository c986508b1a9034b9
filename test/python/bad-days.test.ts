/** The Python worker on bad days: killed, cut off, lied to by a proxy, restarted; every job ends once, with its result. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { FaultProxy } from '../support/fault-proxy.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Fleet, newest, without } from '../support/python/fleet.ts'
import { workerProgram } from '../support/python/program.ts'
import { isRunning, pidsIn } from '../support/standins/running.ts'
import { until } from '../support/until.ts'

let fleet: Fleet
let server: TestServer
/** What the audit trail says of a job once its end is there: rows come to the registry after the job's answer. */
const actions = (id: number): Promise<readonly string[]> =>
  until(async () => {
    const { items } = (await fleet.owner<{ items: { action: string }[] }>('GET', `/audit?job_id=${id}`)).body
    const found = items.map((row) => row.action).toSorted()
    return found.some((action) => action === 'job.complete' || action === 'job.fail') ? found : undefined
  }, 30_000)

describe.skipIf(without !== undefined)('a Python worker', () => {
  beforeAll(async () => {
    // A machine that is busy with other things may need more than one try's time.
    server = await startServer().catch(() => startServer())
    fleet = await Fleet.open(server)
  }, 240_000)
  afterEach(() => fleet.programs.end())
  afterAll(async () => {
    await fleet.close()
    await server.close()
  })

  test('that is killed in the middle leaves no child behind, and its job runs again', async () => {
    const pids = join(fleet.programs.home, 'child.pids')
    const program = await fleet.worker('mortal')
    // The child, and a grandchild in a session of its own, both ignore TERM.
    const line = `trap "" TERM; echo $$ >> ${pids}; while :; do sleep 60; done`
    const { id } = await fleet.dispatch(`shell setsid sh -c '${line}' & ${line}`, {
      target: 'mortal',
    })
    await program.said(new RegExp(`handles ${id}`))
    const children = await pidsIn(pids, 2)
    expect(children.map(isRunning)).toEqual([true, true])
    program.kill('SIGKILL')
    await until(
      () => (children.some(isRunning) ? undefined : true),
      20_000,
      () => `${children.filter(isRunning).join()} of a killed worker still run`,
    )
    await fleet.owner('POST', `/jobs/${id}/abort`)
    await fleet.programs.worker(newest, fleet.server.url, program.token, { arguments: ['takeover=true'] })
    expect(await fleet.run('hello again', { target: 'mortal' })).toMatchObject({ status: 'done', result: 'echo: hello again' })
  })

  test('does each job once when the answers to start, output and completion get lost', async () => {
    const proxy = await FaultProxy.open(fleet.server.url)
    try {
      const program = await fleet.worker('unlucky', { url: proxy.url })
      for (const call of ['start', 'output', 'complete', 'fail']) {
        const lost = proxy.loseReply({ request: new RegExp(`^POST /api/v1/claims/\\d+/${call} `) })
        const job = await fleet.run(call === 'fail' ? 'fail anyway' : 'talk 30', { target: 'unlucky' })
        await lost
        expect(job, program.text()).toMatchObject(
          call === 'fail' ? { status: 'failed', error: { message: 'ValueError: anyway' } } : { status: 'done', attempt: 1, result: '30' },
        )
        if (call !== 'fail') expect(job.output.match(/^line \d+$/gm)).toHaveLength(30)
        expect(await actions(job.id)).toEqual(['job.dispatch', call === 'fail' ? 'job.fail' : 'job.complete', 'job.start'].toSorted())
      }
      // Enough for an offer, and too little for a connection that is kept.
      for (const fault of [{ kind: 'reset', afterBytes: 6_000 } as const, { kind: 'latency', ms: 150 } as const]) {
        proxy.set(fault)
        const { id } = await fleet.dispatch('talk 10', { target: 'unlucky' })
        await program.said(new RegExp(`handles ${id}`))
        proxy.set({ kind: 'none' })
        expect(await fleet.settled(id)).toMatchObject({ status: 'done', result: '10' })
      }
    } finally {
      await proxy.close()
    }
  })

  test('keeps a completion that it could not deliver through its own death, and delivers it once', async () => {
    const proxy = await FaultProxy.open(fleet.server.url)
    try {
      const outbox = join(fleet.programs.home, 'kept.jsonl')
      const flags = { arguments: [`outbox_file=${outbox}`] }
      const program = await fleet.worker('keeper', { url: proxy.url, ...flags })
      const gate = join(fleet.programs.home, 'may-end')
      const { id } = await fleet.dispatch(`await ${gate}`, { target: 'keeper' })
      await program.said(new RegExp(`handles ${id}`))
      proxy.set({ kind: 'blackhole' })
      writeFileSync(gate, '')
      await until(() => (existsSync(outbox) && readFileSync(outbox, 'utf8').includes('it is there') ? true : undefined), 20_000)
      program.kill('SIGKILL')
      await program.exit
      proxy.set({ kind: 'none' })
      proxy.resetAll()
      expect((await fleet.job(id)).status).toBe('running')
      // The dead process still holds the name, and its lease would end sooner than that.
      const again = fleet.programs.start(newest, workerProgram, {
        env: { MODELREINS_URL: fleet.server.url, MODELREINS_TOKEN: program.token },
        ...flags,
      })
      expect(await fleet.settled(id), again.text()).toMatchObject({ status: 'done', result: 'it is there', attempt: 1 })
      expect(await actions(id)).toEqual(['job.complete', 'job.dispatch', 'job.start'])
      expect(again.text()).toContain('1 completions of an earlier run are to be delivered')
      await until(() => (readFileSync(outbox, 'utf8') === '' ? true : undefined), 20_000)
      await again.said(/ is ready at /, 60_000)
    } finally {
      await proxy.close()
    }
  })

  test('takes no page of a proxy for the word of the server', async () => {
    const page = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Please log in</html>'))
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    const { port } = page.address() as AddressInfo // a TCP server's address is never a path
    const { token } = await fleet.register('traveller')
    const gate = join(fleet.programs.home, 'page-may-end')
    const { hostname, port: serverPort } = new URL(server.url)
    // Every other request to the server is answered by the page.
    let lies = false
    const liar = createServer((incoming, outgoing) => {
      const target = lies ? { host: '127.0.0.1', port } : { host: hostname, port: serverPort }
      const passed = request({ ...target, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      passed.on('error', () => outgoing.destroy())
      incoming.pipe(passed)
    })
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
    const { port: liarPort } = liar.address() as AddressInfo // as above
    const program = await fleet.programs.worker(newest, `http://127.0.0.1:${liarPort}`, token)
    const { id } = await fleet.dispatch(`await ${gate}`, { target: 'traveller' })
    await program.said(new RegExp(`handles ${id}`))
    lies = true
    writeFileSync(gate, '')
    await program.said(/not the word of a ModelReins server/)
    expect((await fleet.job(id)).status).toBe('running')
    lies = false
    expect(await fleet.settled(id)).toMatchObject({ status: 'done', result: 'it is there', attempt: 1 })
    for (const one of [page, liar]) {
      one.closeAllConnections()
      one.close()
    }
  })

  test('goes on with its job when the server is killed and started again', async () => {
    const program = await fleet.worker('patient')
    const gate = join(fleet.programs.home, 'patient-may-end')
    const { id } = await fleet.dispatch(`await ${gate}`, { target: 'patient' })
    await program.said(new RegExp(`handles ${id}`))
    await server.kill()
    await server.start()
    writeFileSync(gate, '')
    expect(await fleet.settled(id)).toMatchObject({ status: 'done', attempt: 1, result: 'it is there' })
    expect(await fleet.run('still there?', { target: 'patient' })).toMatchObject({ status: 'done' })
  })
})
