/** Responsible for the refusal of a preview in the words of the form: the server's sentences name fields and calls of the API. */

const inForm: readonly (readonly [said: RegExp, shown: string])[] = [
  [/Start one, or pass when_offline: "queue"\./, 'Start one, or choose Queue under “If all workers are offline”.'],
  [/^targets\[\d+\] names no worker: (.*)\.$/, 'There is no worker named $1.'],
  [/^targets\[\d+\] names (.*) again\.$/, '$1 is chosen twice.'],
  [/: GET \/api\/v1\/workers lists them\./, '. The Workers screen lists all of them.'],
  [
    /: PATCH \/api\/v1\/threads\/\S+ with other `defaults`, or name a `target`\./,
    ': choose a target, or change the defaults of the thread.',
  ],
  [/^context_from names (?=job \d)/, 'The job cannot continue with the answer of '],
]

/** `answer`: of a preview that says `refuse`. A sentence that is not known stays as it is. */
export const refusalWords = (answer: string): string => inForm.reduce((text, [said, shown]) => text.replace(said, shown), answer)
