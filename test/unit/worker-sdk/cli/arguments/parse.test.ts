/** The command line is understood by its table, and what is not understood is answered with what was probably meant. */
import { describe, expect, it } from 'vitest'
import { parseCommandLine } from '../../../../../worker-sdk/src/cli/arguments/parse.ts'
import { UsageError } from '../../../../../worker-sdk/src/cli/arguments/usage-error.ts'

function parsed(...words: readonly string[]) {
  const result = parseCommandLine(words)
  if (result.kind !== 'run') throw new Error(`it is ${result.kind}`)
  return { name: result.invocation.command.words.join(' '), invocation: result.invocation }
}
function complaint(...words: readonly string[]): UsageError {
  try {
    parseCommandLine(words)
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was understood')
}

describe('which command', () => {
  it('is the worker when there is none', () => {
    expect(parsed().name).toBe('run')
    expect(parsed('--provider', 'claude', '--name', 'a').invocation.text('provider')).toBe('claude')
  })

  it('is the longest name that the words begin with', () => {
    expect(parsed('config', 'set', 'server', 'https://x').invocation.arguments).toEqual(['server', 'https://x'])
    expect(parsed('jobs').name).toBe('jobs')
    expect(parsed('jobs', 'abort', '--all').name).toBe('jobs abort')
  })

  it('may have flags before it', () => {
    const { name, invocation } = parsed('--json', '--server', 'http://x', 'jobs', '--limit', '3')
    expect([name, invocation.on('json'), invocation.text('server'), invocation.count('limit')]).toEqual(['jobs', true, 'http://x', 3])
  })

  it('is setup for --setup, as the seed says it', () => {
    expect(parsed('--setup').name).toBe('setup')
    expect(parsed('--setup', '--provider', 'claude').invocation.text('provider')).toBe('claude')
  })

  it('is guessed when it is mistyped', () => {
    expect(complaint('dispach').message).toBe('There is no command "dispach"; did you mean dispatch?')
    expect(complaint('config', 'lst').message).toBe('There is no "config lst"; did you mean config list?')
    expect(complaint('config').message).toContain('config has set, get, list, unset, path, reset')
  })

  it('is asked for help without being checked', () => {
    expect(parseCommandLine(['dispatch', '--effort', 'nonsense', '--help'])).toEqual({ kind: 'help', words: ['dispatch'] })
    expect(parseCommandLine(['-h'])).toEqual({ kind: 'help', words: [] })
    expect(parseCommandLine(['--version'])).toEqual({ kind: 'version' })
  })
})

describe('a prompt', () => {
  it('may be many words', () => {
    expect(parsed('dispatch', 'Review', 'this', '--effort', 'deep').invocation.arguments).toEqual(['Review', 'this'])
  })

  it('may look like a flag or a command behind --', () => {
    expect(parsed('dispatch', '--', '--effort is not a flag here').invocation.arguments).toEqual(['--effort is not a flag here'])
    expect(parsed('dispatch', 'jobs').invocation.arguments).toEqual(['jobs'])
  })
})

describe('flags', () => {
  it('take their value with or without =', () => {
    expect(parsed('--name=a=b').invocation.text('name')).toBe('a=b')
    expect(parsed('--name', 'a').invocation.text('name')).toBe('a')
  })

  it('are told apart from values that begin with a dash', () => {
    expect(complaint('--name', '--provider', 'x').message).toBe('--name needs a value: --name NAME')
    expect(parsed('--extra-args=--yolo').invocation.text('extra-args')).toBe('--yolo')
    expect(parsed('--extra-args', '--temperature 0').invocation.text('extra-args')).toBe('--temperature 0')
    expect(parsed('dispatch', 'x', '--priority', '-3').invocation.count('priority')).toBe(-3)
  })

  it('that repeat keep all values, and the last of the others', () => {
    const { invocation } = parsed('dispatch', 'x', '--tag', 'a', '--tag', 'b,c', '--effort', 'quick', '--effort', 'deep')
    expect(invocation.words('tag')).toEqual(['a', 'b', 'c'])
    expect(invocation.text('effort')).toBe('deep')
  })

  it('are guessed when they are mistyped', () => {
    expect(complaint('dispatch', 'x', '--efort', 'deep').message).toBe('dispatch has no flag --efort; did you mean --effort?')
    expect(complaint('--provder', 'claude').message).toBe('run has no flag --provder; did you mean --provider?')
  })

  it('of another command are sent there', () => {
    expect(complaint('jobs', '--level', '3').message).toBe('jobs has no flag --level (kill has)')
  })

  it('that nobody knows are told of the command that was typed, also before the rest of its words make sense', () => {
    expect(complaint('workers', '--stat', 'x').message).toBe('workers has no flag --stat')
    expect(complaint('config', '--foo').message).toBe('config has no flag --foo')
    expect(complaint('jobs', 'retry', '--wroker', 'x').message).toBe('jobs retry has no flag --wroker; did you mean --worker?')
    expect(complaint('dispach', 'x', '--foo').message).toBe('There is no command "dispach"; did you mean dispatch?')
    expect(complaint('--nam', 'foo').message).toBe('run has no flag --nam; did you mean --name?')
  })

  it('without their value are shown as the command that was typed takes them', () => {
    expect(complaint('jobs', '--token').message).toBe('--token needs a value: --token KEY')
    expect(complaint('--token').message).toBe('--token needs a value: --token TOKEN')
  })

  it('of the bulk verbs name everything alike', () => {
    for (const verb of ['abort', 'retry']) expect(parsed('jobs', verb, '--all', '--yes').invocation.on('all')).toBe(true)
  })

  it('take only what the table lists', () => {
    expect(complaint('dispatch', 'x', '--effort', 'depe').message).toBe(
      '--effort is one of trivial, quick, standard, deep, critical, not "depe"; did you mean deep?',
    )
    expect(complaint('jobs', '--status', 'running,dnoe').message).toContain('not "dnoe"; did you mean done?')
    expect(complaint('jobs', '--json=x').message).toBe('--json takes no value')
    expect(parsed('--takeover=false').invocation.on('takeover')).toBe(false)
  })

  it('that count or last say what they take', () => {
    expect(() => parsed('--slots', 'many').invocation.count('slots')).toThrow('--slots takes a whole number, not "many"')
    expect(parsed('dispatch', 'x', '--timeout', '1.5m').invocation.seconds('timeout')).toBe(90)
    expect(() => parsed('dispatch', 'x', '--timeout', 'soon').invocation.seconds('timeout')).toThrow(/30s, 5m or 2h/)
    expect(parsed('dispatch', 'x', '--input', '{"a":1}').invocation.json('input')).toEqual({ a: 1 })
    expect(() => parsed('dispatch', 'x', '--input', '{').invocation.json('input')).toThrow(/takes JSON/)
  })
})

describe('arguments', () => {
  it('are asked for when they are missing', () => {
    expect(complaint('config', 'get').message).toBe('config get needs KEY: Name of a setting')
    expect(complaint('job').message).toBe('job needs ID: Number of the job')
  })

  it('are refused when there are too many', () => {
    expect(complaint('config', 'path', 'x').message).toBe('config path does not take "x"')
    expect(complaint('status', 'now').message).toBe('status does not take "now"')
  })

  it('take only what the table lists', () => {
    expect(complaint('completions', 'bsh').message).toBe('SHELL is one of bash, zsh, fish, powershell, not "bsh"; did you mean bash?')
  })
})
