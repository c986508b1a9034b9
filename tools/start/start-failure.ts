/** Responsible for failures that a person can do something about: one sentence that says what. It knows no cause. */

/** Shown as it is, without a stack; anything else that is thrown is a bug and shown with one. */
export class StartFailure extends Error {
  override name = 'StartFailure'
}
