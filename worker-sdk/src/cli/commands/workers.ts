/** Responsible for `workers`: list, show, register, set, pause, resume, rotate, revoke. */
import {
  capability,
  slotsInUse,
  workerConfig,
  workerKind,
  type Capability,
  type Presence,
  type Worker,
  type WorkerConfig,
} from '@modelreins/contract'
import type { Client } from '../../client/client.ts'
import { programName } from '../arguments/command.ts'
import { confirmed } from '../confirm.ts'
import { connect } from '../setup/connection.ts'
import { checked } from '../arguments/checked.ts'
import type { CommandContext } from '../context.ts'
import { didYouMean } from '../../nearest.ts'
import type { Column } from '../output/presenter.ts'
import type { Paint, Style } from '../output/style.ts'
import { showAge } from '../output/time-words.ts'
import { UsageError } from '../arguments/usage-error.ts'
import { showView } from '../output/view-text.ts'

interface Row {
  readonly worker: Worker
  readonly presence: Presence | undefined
}

const stateOf = ({ worker }: Row): string =>
  worker.revoked_at !== null
    ? 'revoked'
    : [
        worker.state,
        ...(worker.paused ? ['paused'] : []),
        ...(worker.breaker == null ? [] : [`breaker ${worker.breaker.state}`]),
        ...(worker.parked_until == null ? [] : [`until ${worker.parked_until}`]),
      ].join(', ')
const paintOf = ({ worker }: Row, style: Style): Paint => {
  if (worker.revoked_at !== null || worker.state === 'offline') return style.dim
  return worker.paused || worker.breaker != null || worker.state === 'deaf' || worker.state === 'parked' ? style.yellow : style.green
}
const tiers = (list: readonly Capability[]): string => list.map((item) => `${item.name}=${item.risk_tier}`).join(' ')

const columns = (now: number): readonly Column<Row>[] => [
  { title: 'NAME', cell: ({ worker }) => worker.name },
  { title: 'STATE', cell: stateOf, paint: paintOf },
  { title: 'JOBS', cell: ({ worker, presence }) => `${worker.running}/${presence?.slots ?? 0}`, right: true },
  { title: 'PROVIDER', cell: ({ presence }) => [presence?.provider, presence?.model].filter((part) => part != null).join(' ') },
  { title: 'SEEN', cell: ({ worker }) => worker.last_seen ?? '', human: ({ worker }) => showAge(worker.last_seen, now), right: true },
  { title: 'CAPABILITIES', cell: ({ worker }) => tiers(worker.capabilities), wide: true },
]

export async function allWorkers(client: Client, includeRevoked: boolean): Promise<readonly Worker[]> {
  const found: Worker[] = []
  let cursor: string | undefined
  do {
    const page = await client.workers.list({ limit: 200, include_revoked: includeRevoked, ...(cursor === undefined ? {} : { cursor }) })
    found.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  return found
}

async function rowsOf(client: Client, includeRevoked: boolean): Promise<readonly Row[]> {
  const [workers, presence] = await Promise.all([allWorkers(client, includeRevoked), client.presence.list()])
  const byId = new Map(presence.items.map((item) => [item.worker_id, item]))
  return workers.map((worker) => ({ worker, presence: byId.get(worker.worker_id) }))
}

/** Finds a worker by name, else by id. A revoked worker is found only when no active one has the name. */
async function named(context: CommandContext, client: Client): Promise<Worker> {
  const word = context.invocation.argument(0) ?? ''
  const workers = await allWorkers(client, true)
  const matching = workers.filter((worker) => worker.name === word || worker.worker_id === word)
  const found = matching.find((worker) => worker.revoked_at === null) ?? matching[0]
  if (found === undefined) {
    const names = workers.filter((worker) => worker.revoked_at === null).map((worker) => worker.name)
    throw new UsageError(`There is no worker "${word}"${didYouMean(word, names)}`, `${programName} workers lists them`)
  }
  return found
}

export async function workers(context: CommandContext): Promise<number> {
  const { show, invocation } = context
  const { client } = await connect(context)
  const rows = await rowsOf(client, invocation.on('revoked'))
  if (show.json) show.value({ items: rows.map(({ worker, presence }) => ({ ...worker, presence: presence ?? null })) })
  else if (rows.length > 0) show.table(columns(context.now), rows)
  else show.note(`No workers yet: ${programName} workers register NAME --capability NAME=TIER`)
  return 0
}

export async function workersShow(context: CommandContext): Promise<number> {
  const { show } = context
  const { client } = await connect(context)
  const worker = await named(context, client)
  const presence = (await client.presence.list()).items.find((item) => item.worker_id === worker.worker_id)
  if (show.json) {
    show.value({ ...worker, presence: presence ?? null })
    return 0
  }
  show.facts([
    ['name', worker.name],
    ['id', worker.worker_id],
    ['kind', worker.kind],
    ['state', stateOf({ worker, presence })],
    ['description', worker.description],
    ['capabilities', tiers(worker.capabilities)],
    ['secrets', worker.requires_secrets.join(', ')],
    ['config', Object.keys(worker.config).length === 0 ? undefined : JSON.stringify(worker.config)],
    ['jobs', presence === undefined ? undefined : slotsInUse(worker.running, presence.slots)],
    ['provider', [presence?.provider, presence?.model].filter((part) => part != null).join(' ')],
    ['tags', presence?.tags.join(', ')],
    ['networks', presence?.networks.join(', ')],
    ['heard by', presence?.transport],
    ['instance', presence?.instance ?? undefined],
    ['machine', presence?.machine ?? undefined],
    ['place', presence?.place ?? undefined],
    ['may raise killswitch', worker.may_raise_killswitch ? 'yes' : undefined],
    ['created', worker.created_at],
    ['last seen', worker.last_seen ?? 'never'],
    ['revoked', worker.revoked_at ?? undefined],
  ])
  return 0
}

export function capabilitiesOf(context: CommandContext): Capability[] | undefined {
  const given = context.invocation.list('capability')
  if (given.length === 0) return undefined
  return given.map((text) => {
    const [name = '', tier] = text.split('=')
    if (tier === undefined)
      throw new UsageError(
        `--capability ${text} names no risk tier`,
        `such as --capability ${name}=approve (auto, audit, approve, session)`,
      )
    return checked(capability, { name, risk_tier: tier }, { name: (path) => `--capability ${text}: ${path}` })
  })
}

export async function workersRegister(context: CommandContext): Promise<number> {
  const { invocation } = context
  const capabilities = capabilitiesOf(context)
  const kind = invocation.text('kind')
  const description = invocation.text('description')
  const secrets = invocation.list('secret')
  const { client } = await connect(context)
  const registered = await client.workers.register({
    name: invocation.argument(0) ?? '',
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(kind === undefined ? {} : { kind: workerKind.parse(kind) }),
    ...(description === undefined ? {} : { description }),
    ...(secrets.length === 0 ? {} : { requires_secrets: [...secrets] }),
    ...(invocation.on('may-raise-killswitch') ? { may_raise_killswitch: true } : {}),
  })
  showView(context.show, registered, `${registered.name} is registered (${registered.worker_id})`, 'token')
  return 0
}

export async function workersSet(context: CommandContext): Promise<number> {
  const { invocation, show } = context
  const change = configChange(invocation.arguments.slice(1))
  const capabilities = capabilitiesOf(context)
  const description = invocation.text('description')
  if (change.size === 0 && capabilities === undefined && description === undefined) {
    throw new UsageError('Nothing to change: give KEY=VALUE, --capability or --description')
  }
  const { client } = await connect(context)
  const worker = await named(context, client)
  const changed = await client.workers.update({
    worker_id: worker.worker_id,
    ...(change.size === 0 ? {} : { config: mergedConfig(worker.config, change) }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(description === undefined ? {} : { description }),
  })
  if (show.json) show.value(changed)
  else show.note(`${changed.name}: ${JSON.stringify(changed.config)} ${tiers(changed.capabilities)}`.trim())
  if (changed.review_id !== undefined && !show.json)
    show.note(`Its capabilities stay unchanged until review ${changed.review_id} is approved, because the change reduces protection`)
  return 0
}

const numbers = new Set(['slots', 'poll_ms', 'cost', 'quality', 'speed'])

/** Parses `3/15`: US dollars per million tokens of input and of output. */
function priceOf(text: string): unknown {
  const [, input, output] = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (input === undefined) throw new UsageError(`price=${text}: give US dollars per million tokens as INPUT/OUTPUT, such as price=3/15`)
  return { input: Number(input), output: Number(output) }
}

function configChange(words: readonly string[]): ReadonlyMap<string, unknown> {
  const keys = Object.keys(workerConfig.shape)
  const change = new Map<string, unknown>()
  for (const word of words) {
    const cut = word.indexOf('=')
    if (cut < 1) throw new UsageError(`"${word}" is not KEY=VALUE`)
    const key = word.slice(0, cut)
    const value = word.slice(cut + 1)
    if (!keys.includes(key)) throw new UsageError(`A worker's config has no "${key}"${didYouMean(key, keys)}`, `it has ${keys.join(', ')}`)
    change.set(key, value === '' ? undefined : numbers.has(key) ? Number(value) : key === 'price' ? priceOf(value) : value)
  }
  return change
}

function mergedConfig(before: WorkerConfig, change: ReadonlyMap<string, unknown>): WorkerConfig {
  return checked(workerConfig, { ...before, ...Object.fromEntries(change) }, { name: (path) => path })
}

async function change(context: CommandContext, done: string, call: (client: Client, id: string) => Promise<Worker>): Promise<number> {
  const { client } = await connect(context)
  const worker = await named(context, client)
  const after = await call(client, worker.worker_id)
  if (context.show.json) context.show.value(after)
  else context.show.note(`${after.name} is ${done}`)
  return 0
}

export const workersPause = (context: CommandContext): Promise<number> =>
  change(context, 'paused', (client, worker_id) => client.workers.pause({ worker_id }))
export const workersResume = (context: CommandContext): Promise<number> =>
  change(context, 'offered work again', (client, worker_id) => client.workers.resume({ worker_id }))

export const workersUnpark = (context: CommandContext): Promise<number> =>
  change(context, 'offered work again', (client, worker_id) => client.workers.unpark({ worker_id }))

export async function workersRevoke(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const worker = await named(context, client)
  if (worker.revoked_at === null && !(await confirmed(context, `Revoke ${worker.name} for good?`))) {
    context.show.note('Cancelled: nothing was changed')
    return 1
  }
  const after = await client.workers.revoke({ worker_id: worker.worker_id })
  if (context.show.json) context.show.value(after)
  else context.show.note(`${after.name} is revoked since ${after.revoked_at ?? 'now'}`)
  return 0
}

export async function workersRotate(context: CommandContext): Promise<number> {
  const { client } = await connect(context)
  const worker = await named(context, client)
  const keep_running = context.invocation.on('keep-running')
  const what = keep_running ? 'The current token stops at once.' : 'The current token and the running jobs stop at once.'
  if (!(await confirmed(context, `Replace the token of ${worker.name}? ${what}`))) {
    context.show.note('Cancelled: nothing was changed')
    return 1
  }
  const rotated = await client.workers.rotate({ worker_id: worker.worker_id, ...(keep_running ? { keep_running } : {}) })
  showView(context.show, rotated, `${worker.name} has a new token`, 'token')
  return 0
}
