/** Responsible for parsing the command line of `npm start --`. */
import { isAbsolute, resolve } from 'node:path'

export interface StartOptions {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  readonly stateFolder: string
  readonly worker: boolean
  /** End after the job has ended. */
  readonly once: boolean
  readonly prompt: string | undefined
  /** Provider of this machine's worker; undefined: chosen from what the machine has. */
  readonly provider: string | undefined
}

export type Parsed =
  | { readonly kind: 'start'; readonly options: StartOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly sentence: string }

export interface Surroundings {
  /** The state folder when there is no --state. */
  readonly defaultState: string
  /** Base of relative paths: the folder in which the person typed the command. */
  readonly folder: string
  readonly providers: readonly string[]
}

export const defaultPort = 8787

const flags: readonly { readonly name: string; readonly value?: string; readonly help: string }[] = [
  { name: '--once', value: '["PROMPT"]', help: 'dispatch one job (with this prompt or a sample one) and exit when it has ended' },
  { name: '--no-worker', help: 'start only the control plane, without worker and job' },
  { name: '--port', value: 'N', help: `listen on this port (default ${defaultPort}; 0: any free one)` },
  { name: '--host', value: 'ADDRESS', help: 'listen on this address (default 127.0.0.1: this machine only)' },
  { name: '--state', value: 'DIR', help: 'keep everything in this folder (default .modelreins in the project)' },
  {
    name: '--provider',
    value: 'NAME',
    help: 'provider of the local worker (default: Ollama or LM Studio if one answers, else a sample program)',
  },
  { name: '--help', help: 'show this' },
]

export function helpText(): string {
  const left = (flag: (typeof flags)[number]): string => (flag.value === undefined ? flag.name : `${flag.name} ${flag.value}`)
  const width = Math.max(...flags.map((flag) => left(flag).length))
  return [
    'npm start [-- FLAGS]      start ModelReins on this machine: no account, no network',
    '',
    ...flags.map((flag) => `  ${left(flag).padEnd(width)}  ${flag.help}`),
    '',
    'Examples',
    '  npm start',
    '  npm start -- --once "Report on README.md"',
    '  npm start -- --no-worker --port 9000 --state ~/reins',
  ].join('\n')
}

/** The edit distance of two words: insertions, deletions, replacements. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[right.length] ?? 0
}

/** The known word that was probably meant; undefined when none is similar. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map((name) => ({ name, far: distance(word, name) })).toSorted((one, other) => one.far - other.far)
  const best = ranked[0]
  return best !== undefined && best.far <= Math.max(2, Math.floor(best.name.length / 3)) ? best.name : undefined
}

const wrong = (sentence: string): Parsed => ({ kind: 'wrong', sentence })

function unknownFlag(word: string): Parsed {
  const near = nearest(
    word,
    flags.map((flag) => flag.name),
  )
  return wrong(`There is no flag ${word}${near === undefined ? '' : `; did you mean ${near}?`} (npm start -- --help lists them all)`)
}

/** Parses the words after `npm start --`. */
export function parseArguments(words: readonly string[], around: Surroundings): Parsed {
  const given = new Map<string, string>()
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (word === '-h') return { kind: 'help' }
    const cut = word.startsWith('--') ? word.indexOf('=') : -1
    const name = cut === -1 ? word : word.slice(0, cut)
    const flag = flags.find((one) => one.name === name)
    if (flag === undefined) {
      return word.startsWith('-')
        ? unknownFlag(name)
        : wrong(`'${word}' is not a flag: pass a prompt with --once, as in npm start -- --once "${word}"`)
    }
    if (given.has(name)) return wrong(`${name} may be given only once`)
    if (flag.value === undefined) {
      if (cut !== -1) return wrong(`${name} takes no value`)
      given.set(name, '')
      continue
    }
    const next = cut === -1 ? words[index + 1] : word.slice(cut + 1)
    const hasValue = next !== undefined && (cut !== -1 || !next.startsWith('--'))
    if (hasValue && cut === -1) index += 1
    if (!hasValue && name !== '--once') return wrong(`${name} needs a value: ${name} ${flag.value}`)
    given.set(name, hasValue ? next : '')
  }
  if (given.has('--help')) return { kind: 'help' }
  return assemble(given, around)
}

function assemble(given: ReadonlyMap<string, string>, around: Surroundings): Parsed {
  const portText = given.get('--port') ?? String(defaultPort)
  const port = Number(portText)
  if (!/^\d{1,5}$/.test(portText) || port > 65_535) return wrong(`--port takes a number from 0 to 65535, not '${portText}'`)
  const provider = given.get('--provider')
  if (provider !== undefined && !around.providers.includes(provider)) {
    const near = nearest(provider, around.providers)
    return wrong(
      `There is no provider '${provider}'${near === undefined ? '' : `; did you mean ${near}?`} (known: ${around.providers.join(', ')})`,
    )
  }
  const worker = !given.has('--no-worker')
  const once = given.has('--once')
  if (once && !worker) return wrong('--once needs the local worker and cannot be combined with --no-worker')
  const state = given.get('--state')
  if (state === '') return wrong('--state needs a folder: --state DIR')
  const prompt = given.get('--once')
  return {
    kind: 'start',
    options: {
      host: given.get('--host') ?? '127.0.0.1',
      port,
      stateFolder: state === undefined ? around.defaultState : isAbsolute(state) ? state : resolve(around.folder, state),
      worker,
      once,
      prompt: prompt === undefined || prompt.trim() === '' ? undefined : prompt,
      provider,
    },
  }
}
