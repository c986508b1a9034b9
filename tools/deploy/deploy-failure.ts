/** Responsible for failures of a deployment that a person can fix: one sentence that says how. */

/** `said`: the output of wrangler, shown below the sentence. */
export class DeployFailure extends Error {
  override name = 'DeployFailure'
  readonly said: string

  constructor(sentence: string, said = '') {
    super(sentence)
    this.said = said
  }
}

/** An invalid command line; shown with the help. */
export class UsageFailure extends Error {
  override name = 'UsageFailure'
}
