/** Options: every one of them from every place, in order of precedence, and clear words when one is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelReinsError, Worker } from '../../../../../worker-sdk/src/index.ts'
import { configPath, readConfig } from '../../../../../worker-sdk/src/worker/settings/config-source.ts'
import {
  resolveOptions,
  settings,
  splitArgs,
  type SettingName,
  type WorkerOptions,
} from '../../../../../worker-sdk/src/worker/settings/options.ts'

const needed = { url: 'https://reins.example.com', token: 'mrw_x' }
const resolve = (options: WorkerOptions = {}, env: Record<string, string> = {}, config: Record<string, unknown> = {}) =>
  resolveOptions({ ...needed, ...options }, env, config)

/** Option, variable, config key, three values as they stand there, and what they become. */
const rows: [SettingName, string, string, [unknown, string, unknown], [unknown, unknown, unknown]][] = [
  ['name', 'MODELREINS_WORKER', 'name', ['a', 'b', 'c'], ['a', 'b', 'c']],
  ['machine', 'MODELREINS_MACHINE', 'machine', ['a', '-', 'c'], ['a', '-', 'c']],
  ['type', 'MODELREINS_WORKER_TYPE', 'provider', ['codex', 'aider', 'http'], ['codex', 'aider', 'http']],
  ['model', 'MODELREINS_WORKER_MODEL', 'model', ['opus', 'sonnet', 'haiku'], ['opus', 'sonnet', 'haiku']],
  ['tags', 'MODELREINS_WORKER_TAGS', 'tags', [['x'], 'code, review', 'night'], [['x'], ['code', 'review'], ['night']]],
  ['networks', 'MODELREINS_WORKER_NETWORKS', 'networks', ['lan,', 'vpn', ['dmz']], [['lan'], ['vpn'], ['dmz']]],
  ['pollMs', 'MODELREINS_POLL_MS', 'poll_ms', [1_000, '2000', 3_000], [1_000, 2_000, 3_000]],
  ['workDir', 'MODELREINS_WORKDIR', 'work_dir', ['/a', '/b', '/c'], ['/a', '/b', '/c']],
  ['command', 'MODELREINS_COMMAND', 'command', ['cat', 'tac', 'wc'], ['cat', 'tac', 'wc']],
  ['promptArg', 'MODELREINS_PROMPT_ARG', 'prompt_arg', ['-p', '--prompt', '-x'], ['-p', '--prompt', '-x']],
  ['extraArgs', 'MODELREINS_EXTRA_ARGS', 'extra_args', [['--a b'], "--say 'a b' -v", ['-c']], [['--a b'], ['--say', 'a b', '-v'], ['-c']]],
  ['outputFormat', 'MODELREINS_OUTPUT_FORMAT', 'output_format', ['json', 'text', 'xml'], ['json', 'text', 'xml']],
  ['slots', 'MODELREINS_SLOTS', 'slots', [2, '3', 4], [2, 3, 4]],
  ['endpoint', 'MODELREINS_ENDPOINT', 'endpoint', ['http://a', 'http://b', 'http://c'], ['http://a', 'http://b', 'http://c']],
  ['transport', 'MODELREINS_TRANSPORT', 'transport', ['poll', 'socket', 'auto'], ['poll', 'socket', 'auto']],
  ['takeover', 'MODELREINS_TAKEOVER', 'takeover', [true, '1', 'true'], [true, true, true]],
  ['outboxFile', 'MODELREINS_OUTBOX_FILE', 'outbox_file', ['/a', '/b', '/c'], ['/a', '/b', '/c']],
  ['redact', 'MODELREINS_REDACT', 'redact', [['s1'], 's2,s3', ['s4']], [['s1'], ['s2', 's3'], ['s4']]],
  ['allowHosts', 'MODELREINS_ALLOW_HOSTS', 'allow_hosts', [['h1'], 'h2', ['h3']], [['h1'], ['h2'], ['h3']]],
  ['allowSecret', 'MODELREINS_ALLOW_SECRET', 'allow_secret', [['A'], 'B, C', ['D']], [['A'], ['B', 'C'], ['D']]],
  ['lockProvider', 'MODELREINS_LOCK_PROVIDER', 'locked', [true, '1', 'true'], [true, true, true]],
  ['graceMs', 'MODELREINS_GRACE_MS', 'grace_ms', [0, '10', 20], [0, 10, 20]],
  ['contextBudget', 'MODELREINS_CONTEXT_BUDGET', 'context_budget', [1, '2', 3], [1, 2, 3]],
  ['record', 'MODELREINS_RECORD', 'record', ['/a', '/b', '/c'], ['/a', '/b', '/c']],
  ['silenceTimeout', 'MODELREINS_SILENCE_TIMEOUT', 'silence_timeout', [0, '60', 90], [0, 60, 90]],
  ['approvals', 'MODELREINS_APPROVALS', 'approvals', ['off', 'reviews', 'off'], ['off', 'reviews', 'off']],
  ['deniedTools', 'MODELREINS_DENIED_TOOLS', 'denied_tools', ['fail', 'tell', 'fail'], ['fail', 'tell', 'fail']],
  ['onLost', 'MODELREINS_ON_LOST', 'on_lost', ['finish', 'stop', 'finish'], ['finish', 'stop', 'finish']],
]

describe.each(rows)('%s', (name, variable, key, [option, environment, config], expected) => {
  it('is taken from the option, then the environment, then the config file', () => {
    const env = { [variable]: environment }
    expect(resolve({ [name]: option }, env, { [key]: config })[name]).toEqual(expected[0])
    expect(resolve({}, env, { [key]: config })[name]).toEqual(expected[1])
    expect(resolve({}, {}, { [key]: config })[name]).toEqual(expected[2])
  })
})

it('has a row for every setting', () => {
  expect([...rows.map(([name]) => name), 'url', 'token'].sort()).toEqual(Object.keys(settings).sort())
})

it('takes the token from either variable, and the server by either config key', () => {
  expect(resolveOptions({ url: 'https://x' }, { MODELREINS_API_KEY: 'mrk_key' }, {})).toMatchObject({ token: 'mrk_key' })
  expect(resolveOptions({}, { MODELREINS_TOKEN: 'mrw_a', MODELREINS_API_KEY: 'mrk_b' }, { server: 'https://y/' })).toMatchObject({
    token: 'mrw_a',
    url: 'https://y',
  })
})

it('has its defaults', () => {
  expect(resolve()).toMatchObject({ type: 'claude', pollMs: 5_000, slots: 1, transport: 'auto', tags: [], networks: [], takeover: false })
  expect(resolve({ command: 'wc' }).type).toBe('spawn')
  expect(resolve({ executor: () => 0 }).type).toBeUndefined()
})

it('passes over what is set to nothing', () => {
  expect(resolve({ model: '' }, { MODELREINS_WORKER_MODEL: '' }, { model: 'from file' }).model).toBe('from file')
})

it('names every problem at once, and where it came from', () => {
  const error = ((): unknown => {
    try {
      return resolveOptions({ slots: 0 }, { MODELREINS_POLL_MS: 'often', MODELREINS_TRANSPORT: 'pigeon' }, { tags: 7 })
    } catch (thrown) {
      return thrown
    }
  })()
  expect(error).toBeInstanceOf(ModelReinsError)
  expect((error as ModelReinsError).issues.map((issue) => issue.path).sort()).toEqual([
    'pollMs',
    'slots',
    'tags',
    'token',
    'transport',
    'url',
  ])
  expect((error as ModelReinsError).message).toMatch(/option slots must be.*MODELREINS_POLL_MS must be|MODELREINS_POLL_MS must be/)
  expect((error as ModelReinsError).message).toContain('tags in the config file must be a list')
})

const messagesOf = (run: () => unknown): readonly string[] => {
  try {
    run()
  } catch (error) {
    if (error instanceof ModelReinsError) return error.issues.map((issue) => issue.message)
    throw error
  }
  return []
}

it('says which place a bad address came from, along with everything else that is wrong', () => {
  expect(messagesOf(() => new Worker({ url: 'nowhere', token: 'mrw_x', slots: 0, env: { MODELREINS_TRANSPORT: 'pigeon' } }))).toEqual([
    'option url must be the address of a server, such as https://reins.example.com, not "nowhere"',
    'option slots must be a whole number from 1 to 256',
    'MODELREINS_TRANSPORT must be auto, socket or poll, not "pigeon"',
  ])
  const place = (env: Record<string, string>, config: Record<string, unknown>): readonly string[] =>
    messagesOf(() => resolveOptions({ token: 'mrw_x' }, env, config))
  expect(place({ MODELREINS_URL: 'ftp://x' }, {})).toEqual([expect.stringMatching(/^MODELREINS_URL must be the address.*not "ftp:\/\/x"$/)])
  expect(place({}, { server: 'foo' })).toEqual([expect.stringMatching(/^server in the config file must be the address.*not "foo"$/)])
})

it('knows no option that is not one, and guesses which was meant', () => {
  // As a program without types says it.
  const mistyped: Record<string, unknown> = { ...needed, typ: 'codex', pollMS: 5, frobnicate: true }
  expect(messagesOf(() => new Worker(mistyped))).toEqual([
    'there is no option typ; did you mean type?',
    'there is no option pollMS; did you mean pollMs?',
    'there is no option frobnicate',
  ])
})

it('takes as executor only what can be called', () => {
  const wrong: Record<string, unknown> = { ...needed, executor: 'claude', fetch: {}, env: 'PATH' }
  expect(messagesOf(() => resolveOptions(wrong, {}, {}))).toEqual([
    'option executor must be a function',
    'option fetch must be a function',
    'option env must be an object',
  ])
})

it.each(['two words', 'mrw_a\nb', 'mrw_ä', 7])('refuses %j, which is no token, and does not repeat it', (token) => {
  const wrong: Record<string, unknown> = { url: needed.url, token }
  expect(messagesOf(() => resolveOptions(wrong, {}, {}))).toEqual(['option token must be one word without blanks, such as mrw_...'])
})

it.each([
  ['', []],
  ['a  b', ['a', 'b']],
  [`--x='a b' "c d"`, ['--x=a b', 'c d']],
  [String.raw`a\ b "q\"q" 'it\s'`, ['a b', 'q"q', String.raw`it\s`]],
  [`''`, ['']],
])('splits %j like a shell would', (line, args) => {
  expect(splitArgs(line)).toEqual(args)
})

describe('the config file', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'modelreins-config-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is where the platform keeps such files, or where MODELREINS_CONFIG says', () => {
    expect(configPath({ MODELREINS_CONFIG: '/x/y.json' }, 'linux', '/home/ada')).toBe('/x/y.json')
    expect(configPath({}, 'linux', '/home/ada')).toBe('/home/ada/.config/modelreins/config.json')
    expect(configPath({ XDG_CONFIG_HOME: '/conf' }, 'linux', '/home/ada')).toBe('/conf/modelreins/config.json')
    expect(configPath({}, 'darwin', '/Users/ada')).toBe('/Users/ada/Library/Application Support/modelreins/config.json')
    expect(configPath({ APPDATA: '/roaming' }, 'win32', '/Users/ada')).toBe('/roaming/modelreins/config.json')
  })

  it('may be missing or empty, and is told when it is broken', () => {
    const path = join(folder, 'config.json')
    expect(readConfig(path)).toEqual({})
    writeFileSync(path, '\n')
    expect(readConfig(path)).toEqual({})
    writeFileSync(path, '{"slots": 2}')
    expect(readConfig(path)).toEqual({ slots: 2 })
    writeFileSync(path, '{"slots": ')
    expect(() => readConfig(path)).toThrow(/config.json is not a JSON object/)
    expect(() => readConfig(folder)).toThrow(/Cannot read the config file/)
  })
})

it('says what to do with a one-time view URL, which is not a token', () => {
  const token = `https://reins.example.com/view/vw4acme0123456789abcdef#${'k'.repeat(43)}`
  expect(() => new Worker({ ...needed, token, env: {} })).toThrow(/redeemView/)
})
