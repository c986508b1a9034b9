/**
 * Responsible for the number of operations that one job costs. Tests count them in the running system and compare, so that the pages made from these
 * numbers stay true.
 */
export const counted = {
  /** Rows written in the tenant object: `test/workers/durable-objects/tenant/workers/socket.test.ts`. */
  rows_by_step: { dispatch: 3, start: 3, complete: 2 },
  /** With an idempotency key, as the SDK sends it: keys are written some hundred at a time, so a job's share is less than a hundredth of a row. */
  key_rows: 0,
  /** One dispatch over HTTP; start and completion go over the socket. The completion also carries the credit for the next job. */
  http_calls: 1,
  socket_messages: 2,
  /** Three audit rows and the job's row, deleted from the object a week after they were copied to D1. */
  deleted_rows: 4,
  /** Rows written in D1 per job, and at most per shipment: `test/workers/registry/ship.test.ts`. */
  d1_rows: 7,
  d1_rows_per_shipment: 8,
  /**
   * Rows in the job's own object for each piece of a stream: `test/workers/durable-objects/job-stream/sequence.test.ts`. Streaming also writes one
   * row in the tenant object.
   */
  stream_rows_per_piece: 1,
  stream_end_rows: 2,
  stream_first_rows: 1,
} as const

export const rowsPerJob = Object.values(counted.rows_by_step).reduce((sum, rows) => sum + rows, 0)
/** Requests to the tenant object for each job. */
export const requestsPerJob = counted.http_calls + counted.socket_messages
