/** Responsible for failures that a person can fix: one sentence with the fix. */

/** Shown as it is, without a stack; anything else that is thrown is a bug and shown with one. */
export class StartFailure extends Error {
  override name = 'StartFailure'
}
