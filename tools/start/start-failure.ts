/** Responsible for failures that a person can fix: one sentence that says how. */

/** Printed without a stack; any other thrown error is a bug and printed with its stack. */
export class StartFailure extends Error {
  override name = 'StartFailure'
}
