/**
 * Responsible for the code of the lease keeper's thread. The function is sent there as text, so it may use only its parameters and globals; this
 * works with every bundler, while a second file could be lost.
 */
import type * as threads from 'node:worker_threads'

export interface LeaseKeeperData {
  readonly url: string
  readonly token: string
  /** [0] counts the turns of the main loop, [1] is the number of running jobs, [2] that of the report's leases whose attempts have begun. */
  readonly shared: SharedArrayBuffer
  readonly tickMs: number
  readonly blockedMs: number
  readonly beatMs: number
}

/** Watches the turns of the main loop. While there are none and jobs run, it sends the latest presence report that it was given. */
export function leaseKeeperThread({
  parentPort,
  workerData,
}: {
  parentPort: threads.MessagePort | null
  workerData: LeaseKeeperData
}): void {
  const turns = new Int32Array(workerData.shared)
  let report = ''
  let seen = -1
  let seenAt = Date.now()
  let beatAt = 0
  parentPort?.on('message', (message: string) => {
    report = message
  })
  setInterval(() => {
    const now = Date.now()
    const turn = Atomics.load(turns, 0)
    if (turn !== seen) {
      seen = turn
      seenAt = now
    }
    const blocked = now - seenAt >= workerData.blockedMs
    if (!blocked || report === '' || Atomics.load(turns, 1) === 0 || now - beatAt < workerData.beatMs) return
    beatAt = now
    const { leases, ...rest } = JSON.parse(report) as { readonly leases?: readonly unknown[] }
    const body = JSON.stringify(leases === undefined ? rest : { ...rest, leases: leases.slice(0, Atomics.load(turns, 2)) })
    fetch(`${workerData.url}/api/v1/presence`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${workerData.token}`, 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(workerData.beatMs * 2),
    }).then(
      (response) => response.arrayBuffer(),
      () => undefined,
    )
  }, workerData.tickMs)
}
