/**
 * Responsible for the error classes that the server and both SDKs assign to attempts and jobs. The list is not complete: a worker may report any text
 * as a class.
 */
export const jobErrorTypes = [
  // From the worker: how its program or its provider failed.
  'spawn_failed',
  'auth_failed',
  'rate_limited',
  'timeout',
  'network',
  'oom',
  'exit_error',
  'unknown',
  // From the server.
  'aborted',
  'denied',
  'expired',
  'target_revoked',
  'token_replaced',
  'unanswered',
  'withdrawn',
  'worker_lost',
  // From a person.
  'handed_back',
  'worker_error',
] as const
