import { describe, expect, test } from 'vitest'
import { defaultPort, nearest, parseArguments } from '../../../../tools/start/arguments.ts'

const around = { defaultState: '/project/.modelreins', folder: '/home/me', providers: ['spawn', 'claude', 'ollama-http'] }
const parse = (...words: string[]) => parseArguments(words, around)
const options = (...words: string[]) => {
  const parsed = parse(...words)
  if (parsed.kind !== 'start') throw new Error(JSON.stringify(parsed))
  return parsed.options
}
const sentence = (...words: string[]) => {
  const parsed = parse(...words)
  return parsed.kind === 'wrong' ? parsed.sentence : `not refused: ${parsed.kind}`
}

describe('npm start without flags', () => {
  test('listens on this machine only, with a worker, and stays up', () => {
    expect(options()).toEqual({
      host: '127.0.0.1',
      port: defaultPort,
      stateFolder: '/project/.modelreins',
      worker: true,
      once: false,
      prompt: undefined,
      provider: undefined,
    })
  })
})

describe('the flags of npm start', () => {
  test('take values behind them or behind an equals sign', () => {
    expect(options('--port', '0', '--host=0.0.0.0', '--provider', 'claude')).toMatchObject({ port: 0, host: '0.0.0.0', provider: 'claude' })
  })

  test('--once takes a prompt or none', () => {
    expect(options('--once')).toMatchObject({ once: true, prompt: undefined })
    expect(options('--once', 'Report on a.md')).toMatchObject({ once: true, prompt: 'Report on a.md' })
    expect(options('--once', '--port', '1')).toMatchObject({ once: true, prompt: undefined, port: 1 })
    expect(options('--once=--strange')).toMatchObject({ prompt: '--strange' })
  })

  test('a relative state folder begins where the person typed', () => {
    expect(options('--state', 'here').stateFolder).toBe('/home/me/here')
    expect(options('--state', '/there').stateFolder).toBe('/there')
  })

  test('--help wins', () => {
    expect(parse('--port', '1', '--help').kind).toBe('help')
    expect(parse('-h').kind).toBe('help')
  })
})

describe('a wrong command line', () => {
  test('names the near flag', () => {
    expect(sentence('--prot', '1')).toContain('did you mean --port?')
    expect(sentence('--noworker')).toContain('did you mean --no-worker?')
    expect(sentence('--zebra-crossing')).not.toContain('did you mean')
  })

  test('names the near provider', () => {
    expect(sentence('--provider', 'cluade')).toContain('did you mean claude?')
  })

  test.each([
    [['--port', 'http'], '--port takes a number'],
    [['--port', '70000'], '--port takes a number'],
    [['--port', '-1'], '--port takes a number'],
    [['--port'], '--port needs a value'],
    [['--state', ''], '--state needs a folder'],
    [['--no-worker=yes'], '--no-worker takes no value'],
    [['--port', '1', '--port', '2'], '--port may be given only once'],
    [['--once', '--no-worker'], 'cannot be combined'],
    [['Report on a.md'], 'pass a prompt with --once'],
  ])('%j is refused in one sentence', (words, part) => {
    expect(sentence(...words)).toContain(part)
  })
})

describe('the nearest word', () => {
  test('is one that a slip of the hand makes of it', () => {
    expect(nearest('--sate', ['--state', '--once'])).toBe('--state')
    expect(nearest('--oops', ['--state', '--provider'])).toBeUndefined()
  })
})
