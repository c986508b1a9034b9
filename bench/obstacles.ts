/**
 * Responsible for the explanations of missed targets, each with a link to the page that explains it. They contain no measured numbers, so that they
 * stay true after the next run.
 */
import type { Obstacle } from './measure.ts'

const speed = 'docs/explanation/speed.md#what-stands-in-the-way-of-more'

export const obstacles = {
  trailAndCopy: {
    says: 'Ours checks each job, adds it to the hash-chained audit trail and copies it to D1; the local D1 runs in the same process. BullMQ does none of this. The rows of the two bare objects show what rate remains when an object only keeps the trail, and when it keeps the trail and the copy.',
    see: speed,
  },
  statementsForMany: {
    says: 'pg-boss takes a hundred jobs with one statement, completes them with another, and keeps no audit trail. Ours checks each job and chains its audit rows one by one; one statement for many jobs was tried and is not faster.',
    see: speed,
  },
  flushPerJob: {
    says: 'Ours flushes the disk before it answers the completion of a job; this Redis flushes once a second. The bare object waits for the same flush and has no rules: its row is the upper limit for ours. The rows with `appendfsync always` compare with a Redis that flushes before it answers.',
    see: speed,
  },
  nothingOverlaps: {
    says: 'With one job at a time nothing runs in parallel. Both wait for the disk; ours also spends processor time on checks, audit rows, the copy and the worker, one after the other. graphile-worker has no audit trail and no copy.',
    see: speed,
  },
  http: {
    says: 'An HTTP call takes the runtime and the caller most of the time that this target allows, before anything is stored: see the rows of a Worker that does nothing and of one that calls an object that stores nothing. BullMQ sends its commands over one open connection, without HTTP. A batch dispatch (many jobs in one call) does not have this limit.',
    see: speed,
  },
  connection: {
    says: 'Most of this memory is what the runtime keeps for any open connection: see the row of the bare object, which does nothing with its connections. What ours adds has a target of its own.',
    see: speed,
  },
  ownCode: {
    says: 'Our own code, without any library, is larger than this target, which was set when the product had fewer features.',
    see: 'docs/adr/0008-one-bundle.md#parts-of-the-185-kib',
  },
} as const satisfies Record<string, Obstacle>
