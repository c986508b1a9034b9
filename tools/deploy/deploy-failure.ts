/** Responsible for failures of a deployment that a person can fix: one sentence with the fix. */

/** `said`: wrangler's own words, shown below the sentence. */
export class DeployFailure extends Error {
  override name = 'DeployFailure'
  readonly said: string

  constructor(sentence: string, said = '') {
    super(sentence)
    this.said = said
  }
}

/** The command line is wrong; shown with the help. */
export class UsageFailure extends Error {
  override name = 'UsageFailure'
}
