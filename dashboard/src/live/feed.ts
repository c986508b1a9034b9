/**
 * Responsible for the tab's one connection to the event feed: opening it, taking it up again behind the last event that was seen, and telling
 * the cache what has changed. It draws nothing, and while nobody looks it asks for nothing but what the tab's title counts.
 */
import { onReach } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { countsWork, isLong, staleBy } from './affected.ts'
import { setConnection } from './connection.ts'
import { setFeeding } from './pace.ts'

/** As `feedFrame` of the contract says it; the server is ours, and a frame that this version does not know changes nothing. */
interface Frame {
  readonly type?: string
  readonly seq?: number
  readonly action?: string
}

const revoked = 4003
const firstRetryMs = 300
const mostRetryMs = 10_000
/** Refreshes follow each other no faster than this, or than four times what the last one took. */
const pauseMs = 400
/** What is copied to the audit trail's store, or delivered to a webhook, is there a moment after its event; who is busy has settled by then. */
const lateMs = 1_500
/** How often a hidden tab counts the work that is on offer to its member, when jobs change; other tabs count none. */
const countMs = 10_000
/** The server answers without waking anything. */
const pingMs = 30_000
const pongMs = 8_000

export function followEvents(): () => void {
  let socket: WebSocket | undefined
  let stopped = false
  let seq: number | undefined
  let failures = 0
  let lostAt: number | undefined
  let retry = 0
  let ping = 0
  let pong = 0
  const dirty = new Set<string>()
  let flushTimer = 0
  let lateTimer = 0
  let flushing = false
  let countTimer = 0

  /** The title of a hidden tab counts jobs for its member, too: they are few, and jobs are many. */
  function countLater(): void {
    if (countTimer !== 0) return
    countTimer = window.setTimeout(() => {
      countTimer = 0
      if (document.hidden) void queryClient.invalidateQueries({ predicate: ({ queryKey, state }) => countsWork(queryKey[0], state.data) })
    }, countMs)
  }

  const flush = async (): Promise<void> => {
    if (flushing || dirty.size === 0) return
    if (document.hidden && dirty.has('job')) countLater()
    // A hidden tab shows one number, in its title; the rest waits until it is looked at.
    const nouns = document.hidden ? new Set([...dirty].filter((noun) => noun === 'review')) : new Set(dirty)
    if (nouns.size === 0) return
    for (const noun of nouns) dirty.delete(noun)
    flushing = true
    const begun = Date.now()
    await queryClient.invalidateQueries({ predicate: ({ queryKey }) => staleBy(queryKey[0], nouns) })
    flushing = false
    if (stopped || dirty.size === 0) return
    clearTimeout(flushTimer)
    flushTimer = window.setTimeout(() => void flush(), Math.max(pauseMs, (Date.now() - begun) * 4))
  }
  const mark = (noun: string): void => {
    dirty.add(noun)
    void flush()
    if (!document.hidden && noun !== 'presence') later()
  }
  function later(): void {
    clearTimeout(lateTimer)
    lateTimer = window.setTimeout(() => {
      dirty.add('late')
      void flush()
    }, lateMs)
  }

  /** An answer that is on its way may be older than the feed, which does not tell again what came before it. */
  function readFirstReadsAgain(): void {
    for (const query of queryClient.getQueryCache().findAll({ fetchStatus: 'fetching' })) {
      if (query.state.dataUpdatedAt > 0) continue
      const again = (): void => void queryClient.invalidateQueries({ queryKey: query.queryKey, exact: true })
      query.promise?.then(again, () => undefined)
    }
  }

  const heard = (frame: Frame): void => {
    if (frame.type === 'open' || frame.type === 'reset') {
      seq = frame.seq ?? seq
      failures = 0
      lostAt = undefined
      setFeeding(true)
      setConnection({ state: 'live' })
      // What was read while nobody told of changes is not trusted, the first screen included: a change may have come before the feed.
      readFirstReadsAgain()
      void queryClient.invalidateQueries({ predicate: ({ state }) => state.dataUpdatedAt > 0 && !isLong(state.data) })
      // What happened just before is still on its way to the audit trail.
      if (!document.hidden) later()
    } else if (frame.type === 'event') {
      seq = frame.seq ?? seq
      mark((frame.action ?? '').split('.')[0] ?? '')
    } else if (frame.type === 'presence') mark('presence')
  }

  const check = (): void => {
    if (document.hidden || socket?.readyState !== WebSocket.OPEN || pong !== 0) return
    const asked = socket
    asked.send('ping')
    // A laptop that slept, a network that went: the socket would look open for minutes.
    pong = window.setTimeout(() => {
      pong = 0
      lost(asked, 0)
    }, pongMs)
  }

  function lost(from: WebSocket, code: number): void {
    if (from !== socket || stopped) return
    socket = undefined
    from.close()
    clearTimeout(pong)
    pong = 0
    setFeeding(false)
    lostAt ??= Date.now()
    failures += 1
    // The first try to come back is quick; only when that fails is it said that nobody is there.
    setConnection(failures > 1 || !navigator.onLine ? { state: 'offline', since: lostAt } : { state: 'resuming' })
    if (code === revoked) void queryClient.invalidateQueries({ queryKey: ['members.whoami'] })
    clearTimeout(retry)
    const wait = Math.min(mostRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 8))
    retry = window.setTimeout(connect, wait * (0.5 + Math.random() / 2))
  }

  function connect(): void {
    clearTimeout(retry)
    if (stopped || socket !== undefined) return
    // Through a proxy that lets no socket pass, lists are read every few seconds as long as this fails.
    const opened = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/events${seq === undefined ? '' : `?after=${seq}`}`)
    socket = opened
    opened.addEventListener('message', ({ data }) => {
      clearTimeout(pong)
      pong = 0
      if (opened === socket && typeof data === 'string' && data !== 'pong') heard(JSON.parse(data))
    })
    opened.addEventListener('close', ({ code }) => lost(opened, code))
  }

  const now = (): void => {
    if (socket === undefined) connect()
    else check()
  }
  const seen = (): void => {
    if (document.hidden) return
    now()
    void flush()
  }
  // The server answers calls again: no reason to wait for the next try.
  const stopReach = onReach((reached) => {
    if (reached && socket === undefined && failures > 1) now()
    else if (!reached && socket !== undefined) check()
  })
  const offline = (): void => {
    if (socket !== undefined) lost(socket, 0)
  }
  connect()
  ping = window.setInterval(check, pingMs)
  document.addEventListener('visibilitychange', seen)
  addEventListener('online', now)
  addEventListener('offline', offline)
  return () => {
    stopped = true
    stopReach()
    for (const timer of [retry, pong, flushTimer, lateTimer, countTimer]) clearTimeout(timer)
    clearInterval(ping)
    document.removeEventListener('visibilitychange', seen)
    removeEventListener('online', now)
    removeEventListener('offline', offline)
    setFeeding(false)
    setConnection({ state: 'resuming' })
    socket?.close()
  }
}
