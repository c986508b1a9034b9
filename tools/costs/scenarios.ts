/** Responsible for the uses that the cost page prices: ours, and the polling of workers that ask every five seconds. */
import { limits } from '../../contract/src/index.ts'
import { counted, rowsPerJob } from './counted.ts'
import { day, messagesPerRequest, month } from './prices.ts'
import { awake, sum, times } from './usage.ts'
import type { Usage } from './usage.ts'

export interface Scenario {
  readonly what: string
  readonly usage: Usage
  /** Assumptions that are not obvious. */
  readonly how: string
}

/** A call that the Worker forwards to an object. */
const call: Usage = { worker_request: 1, object_request: 1 }
const messages = (count: number): Usage => ({ object_request: count / messagesPerRequest })
const second = 1_000

/** Seconds between polls. Each poll stores a heartbeat and asks the inbox; the killswitch is asked once a minute. */
const pollS = 5
const killswitchS = 60
const polling = (seconds: number): Usage =>
  sum(times((2 * seconds) / pollS + seconds / killswitchS, call), { object_row_written: seconds / pollS })

/** Pings are answered without waking the object; they are counted as if they were billed as messages. */
const socket = (seconds: number): Usage => messages(seconds / (limits.heartbeat_socket_ms / second))
/** The connection is opened again once a day, for example after a deploy or when a laptop slept. */
const reconnects = (seconds: number): Usage => times(seconds / day, sum(call, messages(2), { object_row_written: 1 }))

const longPoll = (seconds: number): Usage =>
  sum(times(seconds / limits.long_poll_max_s + seconds / (limits.heartbeat_poll_ms / second), call), {
    // The row is written at most once in three minutes.
    object_row_written: seconds / 180,
  })

export const idleWorker: readonly Scenario[] = [
  {
    what: 'ModelReins, on a socket',
    usage: sum(socket(month), reconnects(month)),
    how: `a ping every ${limits.heartbeat_socket_ms / second} s; the object sleeps`,
  },
  {
    what: 'ModelReins, by long poll',
    usage: longPoll(month),
    how: `a call held for ${limits.long_poll_max_s} s, a heartbeat every ${limits.heartbeat_poll_ms / second} s, if no socket is possible`,
  },
  { what: '  and the object that holds the calls', usage: awake(month), how: 'once per tenant, however many workers' },
  {
    what: `polling every ${pollS} s`,
    usage: polling(month),
    how: 'each poll stores a heartbeat and reads the inbox; the killswitch every 60 s',
  },
]

const million = 1_000_000
/**
 * While a tenant is busy, an alarm runs twice a minute as a backup for the queue, rows are shipped once a second, and heads are signed every ten
 * seconds.
 */
const busy = (seconds: number): Usage =>
  sum(
    awake(seconds),
    times(seconds / 30, { object_row_written: 1, object_request: 1 }),
    times(seconds, { d1_row_written: counted.d1_rows_per_shipment }),
    {
      r2_write: seconds / (limits.audit_head_pause_ms / second),
    },
  )

const inObject = rowsPerJob + counted.key_rows
const job: Usage = sum(times(counted.http_calls, call), messages(counted.socket_messages), { object_row_written: inObject })
const copy: Usage = { object_row_written: counted.deleted_rows, d1_row_written: counted.d1_rows }

const perSecond = 100
const shortSeconds = million / perSecond
/** Three calls and the rows of a plain queue with two indexes and an audit row for each change. */
const plainJob: Usage = sum(times(3, call), { object_row_written: rowsPerJob })

export const shortJobs: readonly Scenario[] = [
  {
    what: 'ModelReins: the jobs',
    usage: times(million, job),
    how: `${inObject} rows, ${counted.http_calls} call and ${counted.socket_messages} messages each`,
  },
  {
    what: 'ModelReins: the audit trail and the jobs, stored permanently',
    usage: times(million, copy),
    how: `${counted.d1_rows} rows of D1, ${counted.deleted_rows} deleted from the object`,
  },
  { what: 'ModelReins: the time', usage: busy(shortSeconds), how: `${perSecond} jobs a second` },
  {
    what: `polling every ${pollS} s: the jobs`,
    usage: times(million, plainJob),
    how: 'three calls and 8 rows each; nothing is stored after the end',
  },
  {
    what: `polling every ${pollS} s: the workers`,
    usage: times(perSecond, polling(shortSeconds)),
    how: `${perSecond} workers for this time; each runs at most one job in ${pollS} s unless it polls more often`,
  },
]

const longWorkers = 1_000
const jobSeconds = 600
const longSeconds = (million * jobSeconds) / longWorkers
const pieces = jobSeconds / 10

export const longJobs: readonly Scenario[] = [
  {
    what: 'ModelReins: the jobs and their copy',
    usage: times(million, sum(job, copy)),
    how: 'as above: the duration of a job adds no rows, because leases are renewed in memory',
  },
  {
    what: 'ModelReins: the workers',
    usage: times(longWorkers, socket(longSeconds)),
    how: `${longWorkers.toLocaleString('en')} workers for ${Math.round(longSeconds / day)} days, a ping every ${limits.heartbeat_socket_ms / second} s`,
  },
  { what: 'ModelReins: the time', usage: busy(longSeconds), how: 'at most: the object is awake all the time' },
  {
    what: 'ModelReins: output, if jobs have any',
    usage: times(
      million,
      sum(times(pieces, sum(call, { object_row_written: counted.stream_rows_per_piece })), {
        object_row_written: counted.stream_end_rows + counted.stream_first_rows,
        r2_write: 1,
        object_request: 2,
      }),
    ),
    how: `a chunk every 10 s from each job (${pieces}), to the job's own object`,
  },
  {
    what: `polling every ${pollS} s: jobs and workers`,
    usage: sum(times(million, plainJob), times(longWorkers, polling(longSeconds))),
    how: 'a stored heartbeat renews each lease',
  },
]

const hours = 10
const open = hours * 3_600
const screens = 200
const pollingS = 4

export const dashboard: readonly Scenario[] = [
  {
    what: 'ModelReins: a tab that is open for ten hours',
    usage: sum(call, times(screens, sum(call, { d1_row_read: 200 })), messages(open / (limits.heartbeat_socket_ms / second))),
    how: `one connection for events (sending is free), and ${screens} opened screens`,
  },
  {
    what: `a dashboard that reads three lists every ${pollingS} s`,
    usage: times((3 * open) / pollingS, sum(call, { d1_row_read: 50 })),
    how: 'also when nothing happens',
  },
]
