/** Attacks on what `npm start` runs on: every port that its processes open, with every path that the embedded runtime's library knows. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import type { Job } from '@modelreins/contract'
import { CorePaths } from 'miniflare'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ServerRecord } from '../../tools/start/state-folder.ts'
import { type Call, caller, registerWorker, type RegisteredWorker } from '../support/calls.ts'
import { listeningPorts } from '../support/listening-ports.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const secret = 'output that belongs to one tenant'

let server: TestServer
let owner: Call
let worker: RegisteredWorker
let jobId: number

const url = (): string => server.url
const record = (): ServerRecord => JSON.parse(readFileSync(join(server.stateFolder, 'server.json'), 'utf8'))
const pid = (role: string): number => record().processes.find((one) => one.role === role)?.pid ?? 0
const publicPort = (): number => Number(new URL(server.url).port)

interface Ask {
  readonly port: number
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Status and text; status 0 when the connection was cut before an answer. `Host` is the caller's to choose here, as it is on the wire. */
const ask = ({ port, path, method = 'GET', headers = {}, body }: Ask): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve) => {
    const call = request(
      { host: '127.0.0.1', port, path, method, headers: { host: 'localhost', ...headers }, timeout: 5_000 },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      },
    )
    call.once('timeout', () => call.destroy())
    call.once('error', () => resolve({ status: 0, text: '' }))
    call.end(body)
  })

async function finishedJob(): Promise<number> {
  const { body: job } = await owner<Job>('POST', '/dispatch', { body: { prompt: 'Say it.', target: worker.name, when_offline: 'queue' } })
  const claimed = await worker.call<{ offers: readonly { job: Job; lease: { token: string } }[] }>('POST', '/api/v1/claims', {
    body: { instance: 'i', max: 1 },
  })
  const offer = claimed.body.offers[0]
  const started = await caller(url, offer?.lease.token)<{ lease: { token: string } }>('POST', `/api/v1/claims/${job.id}/start`, {
    body: {},
  })
  const lease = caller(url, started.body.lease.token)
  await lease('POST', `/api/v1/claims/${job.id}/output`, { body: { chunks: [{ seq: 0, stream: 'stdout', text: secret }] } })
  await lease('POST', `/api/v1/claims/${job.id}/complete`, { body: { result: 'done', exit_code: 0, chunks: 1 } })
  return job.id
}

/** Throws from nowhere on a signal, in the process that holds the runtime: what no line of the program waits for. */
const thrower = `data:text/javascript,${encodeURIComponent("if (process.argv[1]?.endsWith('server-process.ts')) process.on('SIGUSR2', () => { throw new Error('thrown from nowhere') })")}`

beforeAll(async () => {
  server = await startServer({ environment: { ...process.env, NODE_OPTIONS: `--import=${thrower}` } })
  owner = caller(url, server.ownerKey)
  worker = await registerWorker(url, owner, 'w')
  jobId = await finishedJob()
})
afterAll(() => server.close())

const transcriptKey = (): string => `transcripts/${server.tenant}/${jobId}.ndjson`

describe('the runtime under npm start', () => {
  test('answers 401 or 404 on its own paths, whatever the Host says, and never an object of the bucket', async () => {
    const transcript = join(server.stateFolder, 'data', 'r2', server.bucket, 'blobs')
    await until(() => (existsSync(transcript) && readdirSync(transcript).length > 0 ? true : undefined), 30_000)
    for (const bucket of ['modelreins', server.bucket]) {
      const { status, text } = await ask({ port: publicPort(), path: `${CorePaths.R2_PUBLIC}/${bucket}/${transcriptKey()}` })
      expect([status, text.includes(secret)]).toEqual([401, false])
    }
    const extra = [
      '/cdn-cgi/',
      '/cdn-cgi/trace',
      '/__cf_local',
      '/core/log',
      '/core/store-temp-file',
      '/core/do-storage/x',
      '/browser/launch',
    ]
    for (const path of [...Object.values(CorePaths), ...extra]) {
      for (const method of ['GET', 'POST']) {
        for (const end of ['', '/', '/x/y']) {
          const { status } = await ask({ port: publicPort(), path: path + end, method })
          expect([401, 404], `${method} ${path}${end}`).toContain(status)
        }
      }
    }
  })

  test('takes no word of a caller for the platform’s: path, origin and address stay what they are', async () => {
    const moved = await ask({ port: publicPort(), path: '/jobs', headers: { 'MF-Original-URL': 'http://evil.example/health' } })
    expect(moved.status).toBe(401)
    const shown = await owner<{ view_url: string }>('POST', '/api/v1/members', {
      body: { name: 'second', role: 'viewer' },
      headers: { 'MF-Original-URL': 'http://evil.example/api/v1/members' },
    })
    expect(new URL(shown.body.view_url).origin).toBe(server.url)
    const statuses: number[] = []
    for (let tries = 0; tries < 60; tries += 1) {
      const headers = {
        authorization: 'Bearer mrk_local_forged',
        'CF-Connecting-IP': `198.51.100.${tries}`,
        'MF-CF-Blob': '{"clientIp":"198.51.100.9:1"}',
      }
      statuses.push((await ask({ port: publicPort(), path: '/jobs', headers })).status)
    }
    expect(statuses).toContain(429)
    expect((await owner('GET', '/api/v1/whoami')).status).toBe(200)
  })

  test.skipIf(process.platform !== 'linux')('opens no other port on which anybody gets anything', async () => {
    const ports = listeningPorts([pid('start'), pid('server'), pid('workerd')]).filter((port) => port !== publicPort())
    // The library's own entry and its helper.
    expect(ports.length).toBeGreaterThan(0)
    const paths = [
      ...Object.values(CorePaths),
      `${CorePaths.R2_PUBLIC}/modelreins/${transcriptKey()}`,
      `${CorePaths.R2_PUBLIC}/ARCHIVE/${transcriptKey()}`,
      '/core/error',
      '/core/log',
      '/core/store-temp-file',
      '/core/do-storage/modelreins-TenantObject',
      '/core/workflow-storage/x',
      '/core/dev-registry',
      '/core/public-url',
      '/browser/launch',
      '/browser/sessionIds',
      '/jobs',
    ]
    const headers = [
      {},
      { 'MF-Custom-Node-Service': 'x' },
      { 'MF-Custom-Fetch-Service': 'x' },
      { Origin: 'https://evil.example', 'Content-Type': 'text/plain', 'MF-Log-Level': '1' },
      { 'MF-Original-URL': 'http://localhost/core/store-temp-file' },
      { 'MF-Op': 'GET', 'MF-Op-Secret': '00' },
    ]
    for (const port of ports) {
      for (const path of paths) {
        for (const one of headers) {
          for (const method of ['GET', 'POST']) {
            const answer = await ask({ port, path, method, headers: one, ...(method === 'POST' ? { body: 'x' } : {}) })
            expect([0, 400, 401, 403, 404, 405, 500], `${method} ${port}${path} ${JSON.stringify(one)}: ${answer.text}`).toContain(
              answer.status,
            )
            expect(answer.text).not.toContain(secret)
          }
        }
      }
    }
    expect((await ask({ port: publicPort(), path: '/health' })).status).toBe(200)
    expect(record().processes.map((one) => one.pid)).toContain(pid('server'))
  })

  test.skipIf(process.platform === 'win32')('goes on after an error that nobody caught, with every job', async () => {
    const { body: waiting } = await owner<Job>('POST', '/dispatch', {
      body: { prompt: 'Wait.', target: worker.name, when_offline: 'queue' },
    })
    const before = record().processes
    process.kill(pid('server'), 'SIGUSR2')
    const log = join(server.stateFolder, 'server.log')
    await until(() => (existsSync(log) && readFileSync(log, 'utf8').includes('thrown from nowhere') ? true : undefined), 20_000)
    expect((await owner<Job>('GET', `/jobs/${waiting.id}`)).body.status).toBe('pending')
    expect((await owner<Job>('GET', `/jobs/${jobId}`)).body.status).toBe('done')
    expect(record().processes).toEqual(before)
  })

  test('keeps every file of its folder from other users of the machine', () => {
    const open: string[] = []
    const look = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name)
        if ((statSync(path).mode & 0o077) !== 0) open.push(path)
        if (entry.isDirectory()) look(path)
      }
    }
    look(server.stateFolder)
    expect(open).toEqual([])
  })
})
