/** Responsible for comparing, after every commit of any tenant of a test, whom the roster would choose with whom comparing everybody gives. */
import type { Presence } from '@modelreins/contract'
import type { ReadContext } from '../../../../../durable-objects/tenant/kernel/context.ts'
import type { Room } from '../../../../../durable-objects/tenant/kernel/room.ts'
import { PresenceWatch } from '../../../../../durable-objects/tenant/events/presence-watch.ts'
import { showPresence, workforce } from '../../../../../durable-objects/tenant/queue/workforce/worker-view.ts'
import { rooms } from '../../../../../durable-objects/tenant/rooms.ts'
import { best, rank } from '../../../../../src/domain/director/director.ts'
import type { JobView, Verdict } from '../../../../../src/domain/director/director.ts'
import type { Requirements, WorkerView } from '../../../../../src/domain/director/matching.ts'

const anything: Requirements = { capability: null, pinned: null, tags: [], networks: [], provider: null, model: null }

function jobsOf(ids: readonly string[], capability: string): readonly JobView[] {
  const [first = 'nobody', second = 'nobody', third = 'nobody'] = ids
  const job = (wants: Partial<Requirements>, more: Partial<JobView> = {}): JobView => ({
    wants: { ...anything, ...wants },
    effort: 'standard',
    thread_id: null,
    ...more,
  })
  return [
    job({}),
    job({}, { effort: 'trivial', thread_id: 'thread' }),
    job({}, { effort: 'critical', prefer: [second, third] }),
    job({ avoid: [first, third] }),
    job({ capability }),
    job({ tags: ['gpu'] }, { effort: 'quick' }),
    job({ substrate: 'carbon' }),
    job({ mode: 'local' }, { effort: 'deep', thread_id: 'thread', prefer: [first] }),
  ]
}

/** Idle and online are the same to whoever chooses. */
const seen = (worker: WorkerView) => ({ ...worker, state: worker.state.replace('online', 'idle') })

const told = (verdict: Verdict | undefined): string =>
  verdict?.eligible === true ? JSON.stringify({ ...seen(verdict.worker), score: verdict.score }) : 'nobody'

function compare(ctx: ReadContext, capability: string): readonly string[] {
  const everybody = workforce(ctx)
  const ids = everybody.map(({ worker_id }) => worker_id)
  const found: string[] = []
  const same = (what: string, roster: string, all: string): void => {
    if (roster !== all) found.push(`${what}: the roster says ${roster}, comparing everybody ${all}`)
  }
  for (const job of jobsOf(ids, capability)) {
    same(JSON.stringify(job), told(ctx.live.roster.best(ctx, job)), told(best(job, everybody, ctx.at)))
    const order = rank({ wants: job.wants, effort: 'standard', thread_id: null }, everybody, ctx.at)
    same(
      `candidates for ${JSON.stringify(job.wants)}`,
      JSON.stringify([...ctx.live.roster.candidates(ctx, job.wants, () => true)].map(seen)),
      JSON.stringify(order.flatMap(({ eligible, worker }) => (eligible ? seen(worker) : []))),
    )
  }
  return found
}

/** Of one object's memory: who follows its workers, and what it was told. */
const watches = new WeakMap<object, { readonly watch: PresenceWatch; readonly told: Map<string, Presence> }>()
const shown = ({ last_seen: _, ...presence }: Presence): string => JSON.stringify(presence)

/** Whoever views only those that may have changed knows the same of everybody as whoever views all. */
function comparePresences(ctx: ReadContext): readonly string[] {
  const { watch, told } = watches.get(ctx.live) ?? { watch: new PresenceWatch(), told: new Map<string, Presence>() }
  watches.set(ctx.live, { watch, told })
  for (const presence of watch.changes(ctx)) told.set(presence.worker_id, presence)
  return [...ctx.store.workers.active()].flatMap((worker) => {
    const [known, now] = [told.get(worker.worker_id), showPresence(ctx, worker)]
    return known !== undefined && shown(known) === shown(now) ? [] : [`told ${JSON.stringify(known)}, is ${JSON.stringify(now)}`]
  })
}

export interface RosterOracle {
  /** What differed, and how often was compared. */
  readonly found: string[]
  compared: number
  readonly stop: () => void
}

/** `capability`: one that workers of the test declare. */
export function watchRoster(capability: string): RosterOracle {
  const oracle: RosterOracle = { found: [], compared: 0, stop: () => void list.splice(list.indexOf(room), 1) }
  const room: Room = {
    name: 'roster oracle',
    onCommit: (host) => {
      oracle.compared += 1
      if (oracle.found.length < 5) oracle.found.push(...compare(host.read(), capability), ...comparePresences(host.read()))
    },
  }
  // The one list: nothing else is touched.
  const list = rooms as Room[]
  list.push(room)
  return oracle
}
