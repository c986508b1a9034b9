/** Responsible for composing the text of a job for a program that reads one prompt: context first, then prompt, then input. */
import type { ProviderRun } from './provider.ts'

/** The job's structured input as text; undefined when there is none. */
const inputText = (input: ProviderRun['job']['input']): string | undefined =>
  input === null || input === undefined ? undefined : `Input (JSON):\n${JSON.stringify(input, null, 2)}`

export const composePrompt = ({ job, context }: Pick<ProviderRun, 'job' | 'context'>): string =>
  [context.trim() === '' ? undefined : context.trimEnd(), job.prompt, inputText(job.input)]
    .filter((part) => part !== undefined)
    .join('\n\n')

/** The job's model takes precedence over the worker's. */
export const modelOf = ({ job, settings }: Pick<ProviderRun, 'job' | 'settings'>): string | undefined => {
  const model = job.model ?? settings.model
  return model === '' ? undefined : (model ?? undefined)
}
