/** Responsible for `status`: killswitch, workers and queue, once or whenever the event feed reports a change. */
import { shownJson, slotsInUse, type Job, type KillswitchState, type Presence } from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { pause } from '../../client/clock.ts'
import { isTransient } from '../../client/retry.ts'
import { connect, type Connection } from '../setup/connection.ts'
import type { CommandContext } from '../context.ts'
import { Detached, detachedExit, untilDetached } from '../output/follow.ts'
import { jobColumns } from '../output/job-text.ts'
import { levelText } from '../output/killswitch-text.ts'
import { oneLine } from '../output/safe-text.ts'

/** Above this number, "and more" is shown instead of a count. */
const countTo = 200
const waiting = ['pending', 'running', 'retry'] as const

interface Queue {
  readonly jobs: readonly Job[]
  readonly more: boolean
}

async function queueOf(client: Client, status: (typeof waiting)[number]): Promise<Queue> {
  const page = await client.jobs.list({ status: [status], limit: countTo })
  return { jobs: page.items, more: page.next_cursor !== null }
}

export async function status(context: CommandContext): Promise<number> {
  const connection = await connect(context)
  if (!context.invocation.on('watch')) {
    await showStatus(context, connection)
    return 0
  }
  try {
    return await untilDetached(context, (signal) => watchStatus(context, connection, signal))
  } catch (error) {
    if (!(error instanceof Detached)) throw error
    return detachedExit
  }
}

/** Time between two refreshes, so that a burst of events causes only one. */
const betweenMs = 1_000
/** Moves the cursor to the top left and erases everything below it. */
const clearScreen = '\u001B[H\u001B[2J'

/** Every frame of the feed marks the state as changed, including `open`, the first frame of each connection. */
async function watchStatus(context: CommandContext, connection: Connection, signal: AbortSignal): Promise<never> {
  const { show, system } = context
  let changed = false
  let onChange = (): void => undefined
  const feed = (async (): Promise<never> => {
    for await (const _ of connection.client.events({ noun: 'job,worker,killswitch,presence' }, { signal })) {
      changed = true
      onChange()
    }
    throw signal.reason
  })()
  feed.catch(() => undefined)
  for (let looks = 0; ; looks += 1) {
    if (!changed) await Promise.race([feed, new Promise<void>((resolve) => void (onChange = resolve))])
    changed = false
    if (system.stdout.isTerminal && !show.json) show.write(clearScreen)
    else if (looks > 0 && !show.json) show.line()
    try {
      await showStatus(context, connection, signal)
    } catch (error) {
      // The next connection begins with `open`, which causes a refresh.
      if (!isTransient(error)) throw error
      show.note(show.errorStyle.dim(oneLine(error.message)))
    }
    await system.stdout.drained()
    await Promise.race([feed, pause(system.clock, betweenMs, signal)])
  }
}

async function showStatus(context: CommandContext, { client, url }: Connection, signal?: AbortSignal): Promise<void> {
  const { show } = context
  const options = signal === undefined ? {} : { signal }
  const me = await client.members.whoami({}, options)
  const killswitch = await client.killswitch.get({}, options)
  // A worker's token may not read the rest.
  const fleet = me.kind === 'worker' ? undefined : await fleetOf(client)
  if (show.json) {
    const value = {
      server: url,
      tenant: me.tenant,
      token: { kind: me.kind, name: me.name, role: me.role },
      killswitch,
      ...(fleet === undefined ? {} : { workers: fleet.workers, jobs: countsOf(fleet.queues) }),
    }
    if (signal === undefined) show.value(value)
    else show.line(shownJson(value))
    return
  }
  const role = me.role === null ? me.kind : me.role
  show.facts([
    ['server', url],
    ['tenant', `${me.tenant} (${oneLine(me.name)}, ${role})`],
    ['killswitch', killswitchText(killswitch)],
    ['workers', fleet === undefined ? undefined : workersText(fleet.workers)],
    ['queue', fleet === undefined ? undefined : waiting.map((name, index) => `${countText(fleet.queues[index])} ${name}`).join(', ')],
  ])
  if (fleet === undefined)
    show.note(show.errorStyle.dim('A member key shows workers and queue: MODELREINS_ADMIN_TOKEN, or `config set admin_token -`'))
  else if (show.human)
    showActive(
      context,
      fleet.queues.flatMap((queue) => queue.jobs),
    )
}

async function fleetOf(client: Client) {
  const [presence, ...queues] = await Promise.all([client.presence.list(), ...waiting.map((name) => queueOf(client, name))])
  return { workers: presence.items, queues }
}

/** `{pending: {count: 200, more: true}}` means 200 or more. */
const countsOf = (queues: readonly Queue[]) =>
  Object.fromEntries(waiting.map((name, index) => [name, { count: queues[index]?.jobs.length ?? 0, more: queues[index]?.more ?? false }]))

const countText = (queue: Queue | undefined): string => `${queue?.jobs.length ?? 0}${queue?.more === true ? '+' : ''}`

function killswitchText(state: KillswitchState): string {
  if (state.level === 0) return levelText(state)
  const by = state.raised_by === null ? '' : `, raised by ${state.raised_by}`
  return `${levelText(state)}${by}; ${state.acknowledged.length} acknowledged, ${state.stragglers.length} not`
}

function workersText(workers: readonly Presence[]): string {
  if (workers.length === 0) return 'none registered'
  const counts = new Map<string, number>()
  for (const worker of workers) counts.set(worker.state, (counts.get(worker.state) ?? 0) + 1)
  const slots = workers.reduce((sum, worker) => sum + (worker.state === 'offline' ? 0 : worker.slots), 0)
  const running = workers.reduce((sum, worker) => sum + worker.running, 0)
  return `${[...counts].map(([state, count]) => `${count} ${state}`).join(', ')}; ${slotsInUse(running, slots)}`
}

const activeShown = 10

function showActive(context: CommandContext, jobs: readonly Job[]): void {
  if (jobs.length === 0) return
  const newest = [...jobs].sort((one, other) => other.id - one.id).slice(0, activeShown)
  context.show.line()
  context.show.table(jobColumns(context.now), newest)
}
