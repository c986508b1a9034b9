/**
 * Responsible for a process whose only job blocks its event loop: `node blocking-job.ts URL TOKEN MILLISECONDS [WAITING]`. WAITING: how many
 * attempts are started ahead and wait for its slot; the first of several gets one.
 */
import { systemClock } from '../../../../worker-sdk/src/client/clock.ts'
import { LeaseKeeper } from '../../../../worker-sdk/src/worker/presence/lease-keeper.ts'

const [url = '', token = '', ms = '0', waiting = '0'] = process.argv.slice(2)
const leases = Array.from({ length: 1 + Number(waiting) }, (_, index) => ({ job_id: 7 + index, attempt: 1 }))
let running = 1
const blocked: number[] = []
const leaseKeeper = new LeaseKeeper(
  {
    clock: systemClock,
    url,
    token,
    report: () => ({ instance: 'blocked-one', leases }),
    running: () => running,
    onBlocked: (late) => blocked.push(late),
    onTrouble: (error) => console.error(error),
  },
  { tickMs: 20, blockedMs: 150, beatMs: 100 },
)
leaseKeeper.follow({ job_id: 7, attempt: 1 }, Number(waiting))
if (Number(waiting) > 1) leaseKeeper.follow({ job_id: 8, attempt: 1 }, Number(waiting) - 1)
const until = Date.now() + Number(ms)
while (Date.now() < until);
// Free again: the loop turns, and the thread falls silent, until the process says that it is done.
setTimeout(() => {
  running = 0
  void leaseKeeper.stop().then(() => process.stdout.write(JSON.stringify({ blocked: blocked.length })))
}, 400)
