/**
 * Responsible for the connection over which work arrives: socket or long poll, never both. It tries the socket first and uses a long poll while the
 * socket is refused. Every reconnection has full jitter, because a deployment cuts all sockets at once and all workers would otherwise reconnect at
 * the same time.
 */
import { closeCodes } from '@modelreins/contract'
import { fullJitter } from '../../client/backoff.ts'
import { pause, type Clock } from '../../client/clock.ts'
import { ModelReinsError } from '../../client/error.ts'
import type { Debug } from '../debug.ts'
import type { Transport } from '../settings/options.ts'
import { isRefusal, nameTaken } from '../presence/refusals.ts'
import type { LinkEnd, SocketLink } from './socket-link.ts'

export interface ConnectionPorts {
  readonly clock: Clock
  readonly transport: Transport
  readonly connect: () => SocketLink
  /** Called with the socket that is being opened or is open; undefined when there is none. */
  readonly onLink: (link: SocketLink | undefined) => void
  /** Polls until `signal` aborts, or until `done` returns true between two polls. */
  readonly poll: (signal: AbortSignal, done: () => boolean) => Promise<void>
  /** Sends a heartbeat over HTTP before polling begins. True: acknowledged. */
  readonly sendHeartbeat: () => Promise<boolean>
  /** Called when the server permanently rejects this worker. */
  readonly onFatal: (error: ModelReinsError) => void
  readonly onTrouble: (type: string, error: unknown) => void
  readonly debug: Debug
}

const reconnect = { baseMs: 1_000, capMs: 30_000 }
/** How long to poll before the socket is tried again: at least `baseMs`, doubled after every failure. */
const pollSpell = { baseMs: 15_000, capMs: 300_000 }

/** Runs until `signal` aborts or the server permanently rejects the worker. */
export async function runConnection(ports: ConnectionPorts, signal: AbortSignal): Promise<void> {
  if (ports.transport === 'poll') {
    await pollSpellOf(ports, signal, () => false)
    return
  }
  let refusals = 0
  while (!signal.aborted) {
    const end = await socketSpell(ports, signal)
    if (signal.aborted) return
    const fatal = fatalOf(end, ports.transport)
    if (fatal !== undefined) {
      ports.onFatal(fatal)
      return
    }
    ports.debug(`socket ended (${end.code}): ${end.error.message}`)
    if (end.opened) {
      refusals = 0
      await pause(ports.clock, fullJitter(reconnect, 0, ports.clock), signal)
      continue
    }
    if (ports.transport === 'socket') {
      ports.onTrouble('connect', end.error)
      await pause(ports.clock, fullJitter(reconnect, refusals, ports.clock), signal)
    } else {
      const until = ports.clock.now() + spellMs(refusals, ports.clock)
      await pollSpellOf(ports, signal, () => ports.clock.now() >= until)
    }
    refusals += 1
  }
}

async function socketSpell(ports: ConnectionPorts, signal: AbortSignal): Promise<LinkEnd> {
  const link = ports.connect()
  ports.onLink(link)
  const onAbort = (): void => link.close()
  signal.addEventListener('abort', onAbort, { once: true })
  const end = await link.ended
  signal.removeEventListener('abort', onAbort)
  ports.onLink(undefined)
  return end
}

async function pollSpellOf(ports: ConnectionPorts, signal: AbortSignal, done: () => boolean): Promise<void> {
  // The first heartbeat must precede the first claim. While it is not acknowledged, claims would fail too.
  for (let attempt = 0; !signal.aborted && !done() && !(await ports.sendHeartbeat()); attempt += 1) {
    await pause(ports.clock, fullJitter(reconnect, attempt, ports.clock), signal)
  }
  await ports.poll(signal, done)
}

/** Half of the time is fixed, half is random. */
const spellMs = (refusals: number, clock: Clock): number => {
  const bound = Math.min(pollSpell.capMs, pollSpell.baseMs * 2 ** Math.min(refusals, 10))
  return bound / 2 + Math.floor((clock.random() * bound) / 2)
}

/**
 * A refused upgrade does not prove that the server rejects the token: a proxy that blocks WebSockets also answers 403. With `auto`, the heartbeat
 * over HTTP, which comes next, decides.
 */
function fatalOf(end: LinkEnd, transport: Transport): ModelReinsError | undefined {
  if (end.code === closeCodes.name_taken || end.error.code === 'name-taken') return nameTaken(end.error, end.opened)
  if (end.code === closeCodes.revoked)
    return new ModelReinsError('This worker token has been revoked.', { code: 'unauthorized', cause: end.error })
  return transport === 'socket' && isRefusal(end.error) ? end.error : undefined
}
