/**
 * Responsible for the classes of errors that the server and both SDKs give to attempts and jobs. They are known, not all there are: a worker
 * may report any text as a class.
 */
export const jobErrorTypes = [
  // Of the worker: how its program or its provider failed.
  'spawn_failed',
  'auth_failed',
  'rate_limited',
  'timeout',
  'network',
  'oom',
  'exit_error',
  'unknown',
  // Of the server.
  'aborted',
  'denied',
  'expired',
  'target_revoked',
  'token_replaced',
  'unanswered',
  'withdrawn',
  'worker_lost',
  // Of a person who works.
  'handed_back',
  'worker_error',
] as const
