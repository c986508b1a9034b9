/**
 * Responsible for what stands between us and the targets that we miss: sentences that the next run does not make wrong, each with the page that
 * proves it. They measure nothing and decide nothing.
 */
import type { Obstacle } from './measure.ts'

const speed = 'docs/explanation/speed.md#what-stands-in-the-way-of-more'

export const obstacles = {
  trailAndCopy: {
    says: 'Each job is checked, chained into the audit trail and copied to D1, in the process that locally does the work of D1, too; BullMQ does none of that. The rows of the two bare objects show what is left of their rate when they only chain, and when they chain and copy.',
    see: speed,
  },
  statementsForMany: {
    says: 'pg-boss takes a hundred jobs with one statement, completes them with another, and keeps no audit trail; ours checks and chains each job by itself, for which one statement for many gains nothing.',
    see: speed,
  },
  flushPerJob: {
    says: 'The commit of a job waits for a flush of the disk before its answer may leave; this Redis flushes once a second. The bare object waits for the same flush and has no rules: its row is the most that ours could reach. The rows with `appendfsync always` compare with a Redis that flushes before it answers.',
    see: speed,
  },
  nothingOverlaps: {
    says: 'One at a time, nothing overlaps: on top of the flush, which both wait for, a job takes the processor time of its checks, its audit rows, its copy and the worker, one after the other. graphile-worker has no trail and no copy.',
    see: speed,
  },
  http: {
    says: 'A call over HTTP costs the runtime and its caller most of the time that this target leaves, before anything is stored: see the row of a Worker that does nothing. BullMQ sends commands down one open connection, without HTTP. A dispatch of many jobs in one call is not bound by it.',
    see: speed,
  },
  connection: {
    says: 'Most of it is what the runtime itself keeps for any open connection: see the row of the bare object, which does nothing with them. What ours adds has a target of its own.',
    see: speed,
  },
  ownCode: {
    says: 'Our own code alone is larger than the target, without any library: it was set when there was less product.',
    see: 'docs/adr/0008-one-bundle.md#parts-of-the-185-kib',
  },
} as const satisfies Record<string, Obstacle>
