/** Responsible for docs/reference/python.md and docs/reference/sdks.md: what the Python SDK offers, and both SDKs side by side. */
import * as node from '../../../worker-sdk/src/index.ts'
import { settings as nodeSettings } from '../../../worker-sdk/src/worker/settings/options.ts'
import { page, table } from '../reference.ts'
import type { PythonMethod } from './python-operations.ts'
import { classIn, exportedNames, functionIn, type PythonClass, type PythonMember } from './python-source.ts'

/** Reads a file of the repository. */
type Read = (path: string) => string

const python = 'sdk-python/src/modelreins_worker'
const code = (text: string): string => `\`${text}\``
const members = (list: readonly PythonMember[]): string =>
  table(
    ['', ''],
    list.map((member) => [code(member.signature), member.says]),
  )

/** Environment variables and config keys of each setting, from the table that the worker reads. */
function settingsIn(source: string): ReadonlyMap<string, { readonly variables: string; readonly keys: string }> {
  const found = new Map<string, { readonly variables: string; readonly keys: string }>()
  const words = (list: string): string => [...list.matchAll(/"(\w+)"/g)].map((match) => code(match[1] ?? '')).join(', ')
  for (const [, name = '', variables = '', keys = ''] of source.matchAll(/^ {4}"(\w+)": Setting\(\s*\((.*?)\),\s*\((.*?)\),/gms))
    found.set(name, { variables: words(variables), keys: words(keys) })
  return found
}

/** The class of the worker, including inherited methods. */
function workerIn(read: Read): PythonClass {
  const own = classIn(read(`${python}/_worker/worker.py`), 'Worker')
  const direct = classIn(read(`${python}/_worker/direct.py`), 'DirectCalls')
  return { ...own, members: [...own.members, ...direct.members.filter(({ name }) => !own.members.some((one) => one.name === name))] }
}

export function pythonPage(read: Read, methods: readonly PythonMethod[]): string {
  const worker = workerIn(read)
  const context = classIn(read(`${python}/_worker/context.py`), 'JobContext')
  const client = classIn(read(`${python}/_client.py`), 'Client')
  const errors = read(`${python}/_errors.py`)
  const nouns = [...new Set(methods.map((method) => method.noun))]
  const settings = settingsIn(read(`${python}/_worker/settings.py`))
  return page(
    'The Python SDK',
    '`pip install modelreins-worker`: Python 3.9 or newer, standard library only, typed. Introduction: [its README](../../sdk-python/README.md). Guarantees: [how to run a worker in Python](../how-to/run-a-python-worker.md#what-you-can-rely-on). Comparison: [both SDKs side by side](sdks.md).',
    '## Worker',
    worker.says,
    table(
      ['argument', 'variable', 'in the config file', ''],
      worker.parameters.map((parameter) => {
        const setting = settings.get(parameter.name)
        return [code(parameter.name), setting?.variables ?? '', setting?.keys ?? '', parameter.says]
      }),
    ),
    'An argument has precedence over a variable, and a variable over the config file (`~/.config/modelreins/config.json`, the same as for the Node command line). Variables and keys that end with `_MS` or `_ms` are in milliseconds.',
    members(worker.members),
    '## JobContext',
    `The second argument of a handler. ${context.says}`,
    members(context.members),
    '## Functions',
    members([
      functionIn(read(`${python}/_worker/command.py`), 'run_command'),
      functionIn(read(`${python}/_classify/__init__.py`), 'classify_error'),
    ]),
    '## Errors',
    table(
      ['', ''],
      ['ModelReinsError', 'ActionRefused', 'Aborted', 'JobFailed'].map((name) => [code(name), classIn(errors, name).says]),
    ),
    '`WorkerError` is another name of `ModelReinsError`. Its codes are those of the [problems](problems.md), and `network`, `timeout` and `unexpected-response` for calls without an answer of the server.',
    '## Client',
    client.says,
    members(client.members),
    'And one method per operation, whose fields are in the [reference of operations](operations.md):',
    ...nouns.map((noun) =>
      table(
        [`client.${noun}`, 'answers'],
        methods.filter((method) => method.noun === noun).map((method) => [code(`.${method.signature}`), code(method.answer)]),
      ),
    ),
  )
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** By name in the Node SDK: the name in the Python SDK where it differs; '' when there is no counterpart. */
const otherNames: Readonly<Record<string, string>> = {
  AttemptStopped: 'Aborted',
  version: '__version__',
  uploadFile: 'Client.upload_artifact',
  redeemView: '',
  isViewUrl: '',
  verifyAudit: '',
  joinTrust: '',
  NotAKey: '',
  parsePublicKey: '',
  parseTrust: '',
}
const contextNames: Readonly<Record<string, string>> = { signal: 'aborted' }
const settingNames: Readonly<Record<string, string>> = {
  pollMs: 'poll_interval',
  type: 'provider',
  workDir: 'workdir',
  graceMs: 'grace',
  executor: 'handler of run()',
}
const clientNames: Readonly<Record<string, string>> = { dispatchAndWait: 'wait' }

/** One row per name of either SDK, with the names that both have first. */
function sideBySide(left: readonly string[], right: readonly string[], names: Readonly<Record<string, string>>): string {
  const open = new Set(right)
  const pairs = left.map((name): readonly [string, string] => {
    const found = [names[name], name, snake(name)].find(
      (one) => one !== undefined && (open.has(one) || (one === names[name] && one !== '')),
    )
    if (found !== undefined) open.delete(found)
    return [code(name), found === undefined ? '' : code(found)]
  })
  const rows = [...pairs.filter(([, other]) => other !== ''), ...pairs.filter(([, other]) => other === '')]
  return table(['Node', 'Python'], [...rows, ...[...open].map((name) => ['', code(name)])])
}

export function sdksPage(read: Read): string {
  const ofInterface = (path: string, name: string): readonly string[] => {
    const body = new RegExp(String.raw`^export interface ${name} \{\n(.*?)^\}`, 'ms').exec(read(path))?.[1] ?? ''
    return [...new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[(?:]/gm)].map((match) => match[1] ?? ''))]
  }
  const methodsOf = (prototype: object): readonly string[] => Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')
  const settings = [...read(`${python}/_worker/settings.py`).matchAll(/^ {4}"(\w+)": Setting\(/gm)].map((match) => match[1] ?? '')
  const names = (file: string, name: string): readonly string[] => {
    const found = name === 'Worker' ? workerIn(read) : classIn(read(`${python}/${file}`), name)
    const fields = [...read(`${python}/${file}`).matchAll(/^ {8}self\.([a-z]\w*): [^=\n]+ = attempt\./gm)].map((match) => match[1] ?? '')
    return [...found.members.map((member) => member.name), ...(name === 'JobContext' ? ['aborted', ...fields] : [])]
  }
  return page(
    'Both SDKs side by side',
    'The exported names of both packages. An empty cell means that the package has no such name. Only the Node package has providers (Claude Code, Codex, Ollama, ...), the whole command line and the socket. Only the Python package has `run_command` and asyncio handlers. Both give the same guarantees for heartbeats, leases, deliveries, aborts and redaction, and classify errors by the same [cases](../../contract/fixtures/).',
    '## Exports',
    sideBySide(Object.keys(node).toSorted(), exportedNames(read(`${python}/__init__.py`)), otherNames),
    '## What a handler is given',
    sideBySide(ofInterface('worker-sdk/src/worker/job/executor.ts', 'JobContext'), names('_worker/context.py', 'JobContext'), contextNames),
    '## Worker',
    sideBySide(
      methodsOf(node.Worker.prototype).filter((name) => !name.startsWith('#')),
      names('_worker/worker.py', 'Worker'),
      { start: 'run' },
    ),
    '## Settings',
    sideBySide(Object.keys(nodeSettings), settings, settingNames),
    '## Client',
    'Both have one method per operation. Other methods:',
    sideBySide(methodsOf(node.Client.prototype), names('_client.py', 'Client'), clientNames),
  )
}
