/** Responsible for choosing the provider of this machine's worker: a local model that answers, or a program that needs no model. */
import { fileURLToPath } from 'node:url'
import { StartFailure } from './start-failure.ts'

export interface ProviderChoice {
  readonly provider: string
  readonly model?: string
  readonly endpoint?: string
  /** `spawn`: the shell line. */
  readonly command?: string
  /** The reason for the choice, shown to the person. */
  readonly because: string
  /** The capability that the worker declares. */
  readonly capability: string
}

export interface Probe {
  /** The JSON at this address, or undefined when there is no answer within a short time. */
  readonly json: (url: string) => Promise<unknown>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether the SDK has this provider, and whether it can be used here. */
  readonly check: (provider: string, choice: Partial<ProviderChoice>) => Promise<{ readonly usable: boolean; readonly detail: string }>
}

const quoted = (path: string): string => (process.platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", String.raw`'\''`)}'`)

/** The program of the examples, run with this process's Node. */
export function fileReport(): ProviderChoice {
  const program = fileURLToPath(new URL('../../examples/file-report/report.mjs', import.meta.url))
  return {
    provider: 'spawn',
    command: `${quoted(process.execPath)} ${quoted(program)}`,
    because: 'examples/file-report, a small program that reads the files a prompt names',
    capability: 'file.report',
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

/**
 * The first model in a list: Ollama's `{models: [{name}]}`, LM Studio's `{data: [{id}]}`. Embedding models are skipped, because they answer no
 * prompts.
 */
function firstModel(answer: unknown, list: string, name: string): string | undefined {
  const rows = isRecord(answer) ? answer[list] : undefined
  if (!Array.isArray(rows)) return undefined
  const names = rows.map((row: unknown) => (isRecord(row) ? row[name] : undefined)).filter((one) => typeof one === 'string')
  return names.find((one) => !/embed/i.test(one))
}

/** `OLLAMA_HOST` may be `host`, `host:port` or a URL, as in Ollama itself. */
function ollamaAddress(env: Probe['env']): string {
  const said = env['OLLAMA_HOST']?.trim()
  if (said === undefined || said === '') return 'http://127.0.0.1:11434'
  const url = /^https?:\/\//.test(said) ? said : `http://${said}`
  const withPort = /:\d+\/?$/.test(url) ? url : `${url.replace(/\/$/, '')}:11434`
  return withPort.replace(/\/$/, '').replace('//0.0.0.0', '//127.0.0.1')
}

async function ollama(probe: Probe): Promise<ProviderChoice | undefined> {
  const endpoint = ollamaAddress(probe.env)
  const model = firstModel(await probe.json(`${endpoint}/api/tags`), 'models', 'name')
  return model === undefined
    ? undefined
    : { provider: 'ollama-http', model, endpoint, because: `Ollama answers on ${endpoint} with ${model}`, capability: 'text.generate' }
}

async function lmStudio(probe: Probe): Promise<ProviderChoice | undefined> {
  const endpoint = 'http://127.0.0.1:1234'
  const model = firstModel(await probe.json(`${endpoint}/v1/models`), 'data', 'id')
  return model === undefined
    ? undefined
    : {
        provider: 'lmstudio',
        model,
        endpoint: `${endpoint}/v1`,
        because: `LM Studio answers on ${endpoint} with ${model}`,
        capability: 'text.generate',
      }
}

/** The requested provider, else a local model, else the program. Throws when the requested provider cannot be used here. */
export async function chooseProvider(asked: string | undefined, probe: Probe): Promise<ProviderChoice> {
  if (asked === 'spawn') {
    const command = probe.env['MODELREINS_COMMAND']
    return command === undefined
      ? fileReport()
      : { ...fileReport(), command, because: 'the command in MODELREINS_COMMAND', capability: 'command.run' }
  }
  const found = { 'ollama-http': ollama, lmstudio: lmStudio } as const
  if (asked !== undefined) {
    const look = asked === 'ollama-http' || asked === 'lmstudio' ? await found[asked](probe) : undefined
    const choice = look ?? { provider: asked, because: `--provider ${asked}`, capability: 'text.generate' }
    const checked = await probe.check(asked, choice)
    if (!checked.usable) throw new StartFailure(`The provider ${asked} cannot be used on this machine: ${checked.detail}`)
    return { ...choice, because: look?.because ?? `${asked}: ${checked.detail}` }
  }
  for (const look of [ollama, lmStudio]) {
    const choice = await look(probe)
    if (choice !== undefined && (await probe.check(choice.provider, choice)).usable) return choice
  }
  return fileReport()
}
