/**
 * Responsible for one kill drill: workers on a real server, each with a child that ignores TERM and a grandchild; the killswitch is raised, and the
 * time is measured until none of them runs. It does not judge the result.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, redeemView } from '../../../worker-sdk/src/index.ts'
import type { TestServer } from '../server.ts'
import { isRunning } from '../standins/running.ts'
import { familiesIn, survivorsOf } from './family.ts'
import { startFleet, type Fleet } from './fleet.ts'

const patienceMs = 60_000

async function until(what: string, isSo: () => Promise<boolean> | boolean, everyMs = 20): Promise<void> {
  for (const end = performance.now() + patienceMs; !(await isSo());) {
    if (performance.now() > end) throw new Error(`not within ${patienceMs / 1_000} s: ${what}`)
    await sleep(everyMs)
  }
}

export interface DrillRequest {
  readonly server: Pick<TestServer, 'url' | 'ownerKey'>
  readonly workers: number
  readonly processes: number
  /** Raises the killswitch (or stops the jobs in another way), once every child runs. */
  readonly pull: (owner: Client, jobs: readonly number[]) => Promise<unknown>
}

export interface DrillResult {
  /** Number of child and grandchild processes of all workers. */
  readonly killed: number
  /**
   * Milliseconds from the answer until each process was seen to have ended and, as the last entry, until none was left; ascending; 0 for processes
   * that had already ended.
   */
  readonly goneMs: readonly number[]
  /** Milliseconds until the call was answered. */
  readonly answerMs: number
  readonly jobs: readonly number[]
  readonly workerIds: readonly string[]
  /** Ids of processes of the children that still run, including any that wrote no id. */
  readonly survivors: readonly number[]
}

async function register(owner: Client, name: string): Promise<{ readonly id: string; readonly name: string; readonly token: string }> {
  const registered = await owner.workers.register({ name })
  return { id: registered.worker_id, name, token: (await redeemView(registered.view_url)).token }
}

async function startFamilies(owner: Client, names: readonly string[], folder: string): Promise<number[]> {
  const jobs: number[] = []
  for (const name of names) jobs.push((await owner.jobs.dispatch({ prompt: 'Never end', target: name })).id)
  await until('every child and grandchild runs', () => {
    const families = [...familiesIn(folder).values()]
    return families.length === names.length && families.every((pids) => pids.length === 2)
  })
  return jobs
}

/** When each process was first seen to have ended, in milliseconds after `from`. */
async function watchEnd(pids: readonly number[], from: number): Promise<number[]> {
  const gone: number[] = []
  let left = [...pids]
  await until(
    'every child and grandchild is gone',
    () => {
      const now = performance.now()
      const alive = left.filter(isRunning)
      for (let count = left.length - alive.length; count > 0; count -= 1) gone.push(Math.max(0, now - from))
      left = alive
      return left.length === 0
    },
    4,
  )
  return gone
}

let drills = 0

/** `after` is called while the fleet still runs. */
export async function killDrill(
  request: DrillRequest,
  after: (result: DrillResult, fleet: Fleet, owner: Client) => Promise<void>,
): Promise<DrillResult> {
  const { server, workers: count, processes, pull } = request
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-drill-'))
  const owner = new Client({ url: server.url, token: server.ownerKey })
  drills += 1
  let fleet: Fleet | undefined
  try {
    const workers = await Promise.all(Array.from({ length: count }, (_, index) => register(owner, `drill-${drills}-${index + 1}`)))
    fleet = await startFleet({ url: server.url, workers, processes, folder })
    const names = workers.map(({ name }) => name)
    const jobs = await startFamilies(owner, names, folder)
    const pids = [...familiesIn(folder).values()].flat()
    const begun = performance.now()
    await pull(owner, jobs)
    const answered = performance.now()
    const goneMs = await watchEnd(pids, answered)
    // A shell whose sleep is killed may start another one at the last moment: that process must also be gone within the same second.
    let survivors = survivorsOf(folder, fleet.pids)
    for (; survivors.length > 0 && performance.now() - answered < 1_000; survivors = survivorsOf(folder, fleet.pids)) await sleep(4)
    goneMs.push(performance.now() - answered)
    const workerIds = workers.map(({ id }) => id)
    const result = { killed: pids.length, goneMs, answerMs: answered - begun, jobs, workerIds, survivors }
    await after(result, fleet, owner)
    return result
  } finally {
    await fleet?.end()
    for (const pid of survivorsOf(folder, [])) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}
