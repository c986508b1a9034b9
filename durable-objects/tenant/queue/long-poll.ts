/** Responsible for polls and inbox looks that wait for work: which first answers are worth waiting after, and for which worker. */
import type { Caller, CommandContext } from '../kernel/context.ts'
import type { Host } from '../kernel/host.ts'
import type { Wait } from '../kernel/room.ts'
import { wakeAll } from './wake.ts'
import { actingWorker } from './workforce/acting-worker.ts'

/** Id of the worker that a held poll waits for. */
function waiterOf(host: Host, caller: Caller, input: object): string | undefined {
  const name =
    'worker' in input && typeof input.worker === 'string'
      ? input.worker
      : 'instance' in input && typeof input.instance === 'string'
        ? input.instance
        : undefined
  const worker = actingWorker({ caller, store: host.store } as CommandContext, name)
  return worker.ok ? worker.value.worker_id : undefined
}

const secondsIn = (input: object): number => ('wait' in input && typeof input.wait === 'number' ? input.wait : 0)

async function untilWoken(host: Host, worker: string, seconds: number): Wait {
  const woken = await host.live.waiters.wait(worker, seconds * 1000)
  return woken ? () => wakeAll(host) : undefined
}

function forWork(host: Host, caller: Caller, input: object, isEmpty: boolean): Wait | undefined {
  const seconds = secondsIn(input)
  const worker = seconds > 0 && isEmpty ? waiterOf(host, caller, input) : undefined
  return worker === undefined ? undefined : untilWoken(host, worker, seconds)
}

/** While the killswitch is raised no work can come, so the poll is answered at once and its worker learns of the level. */
export function waitForOffers(host: Host, caller: Caller, input: object, first: object): Wait | undefined {
  const active = 'killswitch' in first && (first.killswitch as { readonly active: boolean }).active
  return forWork(host, caller, input, !active && 'offers' in first && Array.isArray(first.offers) && first.offers.length === 0)
}

export const waitForJobs = (host: Host, caller: Caller, input: object, first: object): Wait | undefined =>
  forWork(host, caller, input, 'jobs' in first && Array.isArray(first.jobs) && first.jobs.length === 0)
