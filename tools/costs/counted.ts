/** Responsible for what one job costs in operations. Tests count them where they happen and compare with these numbers, so that the pages made from them stay true. */
export const counted = {
  /** Rows of the tenant object: `test/workers/durable-objects/tenant/workers/socket.test.ts`. */
  rows_by_step: { dispatch: 3, start: 3, complete: 2 },
  /** With an idempotency key, as the SDK sends it: keys are written some hundred at a time, less than a hundredth of a row for each job. */
  key_rows: 0,
  /** A dispatch over HTTP; a start and a completion over the socket. The completion brings the credit for the next job. */
  http_calls: 1,
  socket_messages: 2,
  /** Three audit rows and the job are deleted from the object a week after D1 has them. */
  deleted_rows: 4,
  /** Rows of D1 per job, and per shipment at most: `test/workers/registry/ship.test.ts`. */
  d1_rows: 7,
  d1_rows_per_shipment: 8,
  /** Of the job's own object, when it streams: `test/workers/durable-objects/job-stream/sequence.test.ts`. And once of the tenant object. */
  stream_rows_per_piece: 1,
  stream_end_rows: 2,
  stream_first_rows: 1,
} as const

export const rowsPerJob = Object.values(counted.rows_by_step).reduce((sum, rows) => sum + rows, 0)
/** Requests that reach the tenant object. */
export const requestsPerJob = counted.http_calls + counted.socket_messages
