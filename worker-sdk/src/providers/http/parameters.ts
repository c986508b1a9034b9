/** Responsible for parsing extra arguments of an HTTP provider: `name=value` request parameters. */
import { parseJson } from '../json.ts'

/** Parameters that the provider sets itself. */
const reserved: readonly string[] = ['model', 'messages', 'stream', 'stream_options', 'promptObject', 'type', 'prompt']

/**
 * Parses `temperature=0.2`, `--max_tokens=500`, `stop=["END"]` as request parameters: a value that is valid JSON is parsed, any other is a text.
 * Throws for an argument of another form, and for a parameter that the provider sets itself.
 */
export const requestParameters = (extraArgs: readonly string[] | undefined): Readonly<Record<string, unknown>> => {
  const parameters: Record<string, unknown> = {}
  for (const argument of extraArgs ?? []) {
    const match = /^(?:--)?([A-Za-z_][\w.-]*)=(.*)$/s.exec(argument)
    const [, name, value] = match ?? []
    if (name === undefined || value === undefined) {
      throw new Error(`extra argument "${argument}": an HTTP provider takes name=value, for example temperature=0.2`)
    }
    if (reserved.includes(name)) throw new Error(`extra argument "${name}" is set by the provider itself`)
    const json = parseJson(value)
    parameters[name] = json === undefined ? value : json
  }
  return parameters
}
