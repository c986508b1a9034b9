/**
 * Responsible for the tab's one connection to the event feed: opening it, resuming after the last event that was seen, and marking cached answers as
 * stale. It draws nothing, and a hidden tab reads only what its title counts.
 */
import { onReach } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import { countsWork, isLong, staleBy } from './affected.ts'
import { setConnection } from './connection.ts'
import { setFeeding } from './pace.ts'

/** A frame in the shape of `feedFrame` in the contract. It is not validated: the server is trusted, and an unknown frame has no effect. */
interface Frame {
  readonly type?: string
  readonly seq?: number
  readonly action?: string
}

const revoked = 4003
const firstRetryMs = 300
const mostRetryMs = 10_000
/** Minimum pause between refreshes, in milliseconds; the pause is also at least four times the duration of the last refresh. */
const pauseMs = 400
/** Delay before reading data that lags behind its event: the audit trail's copy, webhook deliveries, and busy states. */
const lateMs = 1_500
/** How often a hidden tab counts the work on offer to its member while jobs change. Tabs of members who take no jobs count nothing. */
const countMs = 10_000
/** The server answers pings without waking an object. */
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

  /** The title of a hidden tab includes the member's jobs. Jobs change often and few concern the member, so the count is delayed. */
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
    // A hidden tab shows only the number in its title; everything else is refreshed when it becomes visible.
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

  /** Reads again answers that were requested before the feed was open: the feed does not repeat earlier changes. */
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
      // Answers that were read without an open feed are not trusted, including those of the first screen: a change may have been missed.
      readFirstReadsAgain()
      void queryClient.invalidateQueries({ predicate: ({ state }) => state.dataUpdatedAt > 0 && !isLong(state.data) })
      // The audit rows of the latest events are still being copied.
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
    // After a sleep of the machine or a loss of the network, the socket would look open for minutes.
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
    // The first attempt to reconnect is quick; only after it fails is the state shown as offline.
    setConnection(failures > 1 || !navigator.onLine ? { state: 'offline', since: lostAt } : { state: 'resuming' })
    if (code === revoked) void queryClient.invalidateQueries({ queryKey: ['members.whoami'] })
    clearTimeout(retry)
    const wait = Math.min(mostRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 8))
    retry = window.setTimeout(connect, wait * (0.5 + Math.random() / 2))
  }

  function connect(): void {
    clearTimeout(retry)
    if (stopped || socket !== undefined) return
    // A proxy may block WebSockets: while this keeps failing, lists are read every few seconds.
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
  // A call has succeeded, so the next attempt need not wait.
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
