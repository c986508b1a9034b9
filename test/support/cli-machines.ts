/** Responsible for the common parts of command-line tests: a server, a home with the owner key, and machines with one worker each. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job } from '@modelreins/contract'
import { afterAll, beforeAll, expect } from 'vitest'
import { Client } from '../../worker-sdk/src/client/index.ts'
import { CliHome, type Ended, type RunningCli } from './cli-process.ts'
import { startServer, type TestServer } from './server.ts'
import { isRunning } from './standins/running.ts'
import { until } from './until.ts'

export let server: TestServer
export let operator: Client
const homes: CliHome[] = []
export const desk = newHome()
let workers = 0

export function newHome(): CliHome {
  const home = new CliHome()
  homes.push(home)
  return home
}

/** A machine with its own registered worker; `capability` keeps jobs of other tests away from it. */
export async function machine(command: string, more: readonly string[] = []): Promise<{ home: CliHome; name: string; capability: string }> {
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

export async function atWork(home: CliHome, words: readonly string[] = []): Promise<RunningCli> {
  const running = home.start(words)
  await running.until('is ready')
  return running
}

export async function end(running: RunningCli): Promise<Ended> {
  running.signal('SIGTERM')
  return running.ended
}

export function jobOf(told: Ended): Job {
  if (told.out === '') throw new Error(`no job: ${told.err}`)
  return JSON.parse(told.out) as Job
}

/** Longest wait for another process, in milliseconds; a failed wait reports what was seen last. */
export const patience = 20_000

export function untilStatus(id: number, status: Job['status']): Promise<Job> {
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

/** Process id of the child, which writes it to a file. */
export function pidIn(home: CliHome): Promise<number> {
  const file = join(home.folder, 'child.pid')
  const read = (): string => (existsSync(file) ? readFileSync(file, 'utf8').trim() : '')
  return until(
    () => (read() === '' ? undefined : Number(read())),
    patience,
    () => `no child has written ${file}`,
  )
}

export const untilGone = (pid: number): Promise<true> =>
  until(
    () => !isRunning(pid) || undefined,
    patience,
    () => `process ${pid} still runs`,
  )

/** Starts the server before the tests of a file, and ends all processes after them. */
export function useServer(): void {
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
}
