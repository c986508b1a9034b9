/** Says how the parts that providers share behave at their borders: endpoints, programs, lines, events, tails, arguments for Windows. */
import { describe, expect, it } from 'vitest'
import { scrubEnvironment } from '../../../../worker-sdk/src/providers/child-process/environment.ts'
import { type EndpointRule, resolveEndpoint } from '../../../../worker-sdk/src/providers/http/endpoint.ts'
import { isBefore } from '../../../../worker-sdk/src/providers/child-process/cli-check.ts'
import { createProvider, isProviderName, providerNames } from '../../../../worker-sdk/src/providers/index.ts'
import { createLineCutter } from '../../../../worker-sdk/src/providers/lines.ts'
import { findProgram, launchOf, launchOfShell, quoteForCmd } from '../../../../worker-sdk/src/providers/child-process/program.ts'
import { serverEvents } from '../../../../worker-sdk/src/providers/http/sse.ts'
import { asResult, createTail } from '../../../../worker-sdk/src/providers/tail.ts'
import { byteLength, limits } from '@modelreins/contract'

async function* of(...pieces: string[]): AsyncGenerator<string> {
  yield* pieces
}

describe('the list of providers', () => {
  it('holds the ten names of the compatibility documents and acp, each under its own name', () => {
    expect(providerNames).toEqual([
      'claude',
      'aider',
      'codex',
      'acp',
      'ollama-http',
      'lmstudio',
      'nocturne',
      'onemin',
      'http',
      'playwright',
      'spawn',
    ])
    for (const name of providerNames) expect(createProvider(name).name).toBe(name)
    expect(isProviderName('toString')).toBe(false)
  })
})

describe('resolveEndpoint', () => {
  const rule: EndpointRule = { variables: ['FIRST', 'SECOND'], fallback: 'http://127.0.0.1:11434', port: 11434 }
  const find = (endpoint: string | undefined, env: Record<string, string> = {}, more: Partial<EndpointRule> = {}) => {
    const found = resolveEndpoint({ env, ...(endpoint === undefined ? {} : { endpoint }) }, { ...rule, ...more })
    return found.ok ? `${found.value.url} ${found.value.source}` : found.reason
  }

  it('prefers the option, then the variables in order, then the usual place', () => {
    expect(find('http://a', { FIRST: 'http://b' })).toBe('http://a MODELREINS_ENDPOINT')
    expect(find(undefined, { FIRST: '', SECOND: 'http://c' })).toBe('http://c SECOND')
    expect(find(undefined)).toBe('http://127.0.0.1:11434 default')
    expect(find(undefined, {}, { fallback: undefined })).toBe('no endpoint: set --endpoint (MODELREINS_ENDPOINT) or FIRST or SECOND')
  })

  it.each([
    ['box', 'http://box:11434'],
    ['box:8000', 'http://box:8000'],
    [':8000', 'http://127.0.0.1:8000'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['http://0.0.0.0:8000/', 'http://127.0.0.1:8000'],
    ['https://box/path/', 'https://box/path'],
  ])('reads "%s" as its server would', (given, url) => {
    expect(find(given)).toBe(`${url} MODELREINS_ENDPOINT`)
  })

  it('adds the path that is missing and takes away what it adds itself', () => {
    const more = { path: '/v1', endings: ['/chat/completions'] }
    expect(find('http://a', {}, more)).toBe('http://a/v1 MODELREINS_ENDPOINT')
    expect(find('http://a/openai/v1/chat/completions', {}, more)).toBe('http://a/openai/v1 MODELREINS_ENDPOINT')
  })

  it.each([
    ['ftp://a', '"ftp:" is not http or https'],
    ['http://', '"http://" is not a URL'],
    ['http://user:pw@a', 'credentials do not belong in a URL'],
  ])('refuses "%s"', (given, reason) => {
    expect(find(given)).toContain(`MODELREINS_ENDPOINT: ${reason}`)
  })
})

describe('scrubEnvironment', () => {
  it('drops what is undefined and every credential of the worker', () => {
    expect(
      scrubEnvironment({ A: '1', B: undefined, MODELREINS_TOKEN: 't', MODELREINS_X_SECRET: 's', C: 'mrw_1', MODELREINS_WORKER: 'w' }),
    ).toEqual({
      A: '1',
      MODELREINS_WORKER: 'w',
    })
  })

  it('drops a member key or a worker token under any name, alone or inside another text', () => {
    const key = `mrk_acme_abcdefgh12_${'a'.repeat(24)}_${'b'.repeat(24)}`
    expect(
      scrubEnvironment({ KEY: key, HEADER: `Authorization: Bearer ${key}`, URL: `https://x:${key}@host/`, JSON: `{"token":"${key}"}` }),
    ).toEqual({})
    const kept = { PATH: '/opt/mrk_tools/bin:/bin', NOTE: 'a key begins with mrk_' }
    expect(scrubEnvironment({ ...kept, T: key.replace('mrk_', 'mrw_') })).toEqual(kept)
  })

  it('drops whatever holds the token that the worker was given, whatever its shape', () => {
    const env = { A: 'x-own-token-of-a-test-x', B: 'own-token-of', C: 'own-token-of-a-test' }
    expect(scrubEnvironment(env, 'own-token-of-a-test')).toEqual({ B: 'own-token-of' })
    expect(scrubEnvironment({ A: 'none of it' }, 'none')).toEqual({ A: 'none of it' })
  })
})

describe('programs', () => {
  it('are found on PATH, or by a path relative to the working folder', () => {
    expect(findProgram('sh', { PATH: '/nowhere:/bin' })).toBe('/bin/sh')
    expect(findProgram('./sh', {}, '/bin')).toBe('/bin/sh')
    expect(findProgram('sh', { PATH: '/nowhere' })).toBeUndefined()
    expect(findProgram('tmp', { PATH: '/' })).toBeUndefined()
  })

  it('get no shell where none is needed, and cmd.exe with quoted arguments for a .cmd shim', () => {
    expect(launchOf('/bin/x', ['a b'], {}, 'linux')).toEqual({ file: '/bin/x', args: ['a b'], verbatim: false })
    expect(launchOf('C:\\x.exe', ['a b'], {}, 'win32')).toEqual({ file: 'C:\\x.exe', args: ['a b'], verbatim: false })
    expect(launchOf('C:\\npm\\claude.cmd', ['-p', 'a&b'], { ComSpec: 'C:\\cmd.exe' }, 'win32')).toEqual({
      file: 'C:\\cmd.exe',
      args: ['/d', '/s', '/c', '"C:\\npm\\claude.cmd ^^^"-p^^^" ^^^"a^^^&b^^^""'],
      verbatim: true,
    })
  })

  it('quote for cmd.exe every character that it or the program would read', () => {
    expect(quoteForCmd('say "hi" & del %PATH% !x! \\', false)).toBe('^"say^ \\^"hi\\^"^ ^&^ del^ ^%PATH^%^ ^!x^!^ \\\\^"')
  })

  it('put arguments behind a shell line without making them part of it', () => {
    expect(launchOfShell('run', ['--p', '$x'], {}, 'linux').args).toEqual(['-c', 'run "$@"', 'modelreins-worker', '--p', '$x'])
    expect(launchOfShell('run', ['a b'], {}, 'win32').args).toEqual(['/d', '/s', '/c', '"run ^"a^ b^""'])
  })

  it('are compared by the numbers of their versions', () => {
    expect(isBefore('2.0.99', '2.1.0')).toBe(true)
    expect(isBefore('2.10.0', '2.9.0')).toBe(false)
    expect(isBefore('2.1', '2.1.0')).toBe(false)
  })
})

describe('lines and events', () => {
  it('are whole whatever the borders of the pieces are', () => {
    const cutter = createLineCutter()
    expect(['a', 'b\nc\r', '\n', '\nd'].flatMap((piece) => cutter.push(piece))).toEqual(['ab', 'c', ''])
    expect(cutter.rest()).toEqual(['d'])
    expect(cutter.rest()).toEqual([])
  })

  it('are the same however the text is split', () => {
    const text = '\ufeffa\r\n\nlöng\n😀x\nlast'
    for (let first = 0; first <= text.length; first += 1) {
      for (let second = first; second <= text.length; second += 1) {
        const cutter = createLineCutter()
        const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)]
        const lines = [...pieces.flatMap((piece) => cutter.push(piece)), ...cutter.rest()]
        expect(lines).toEqual(['a', '', 'löng', '😀x', 'last'])
      }
    }
  })

  it('leave out a line of too many bytes, say so once, and go on behind it', () => {
    const leftOut: object[] = []
    const cutter = createLineCutter((line) => leftOut.push(line), 10)
    const lines = ['ok\n', 'ääää', 'ää', 'ä\nfine\n'].flatMap((piece) => cutter.push(piece))
    expect(lines).toEqual(['ok', 'fine'])
    expect(leftOut).toEqual([{ bytes: 14, begins: 'ääääää' }])
    cutter.push('0123456789ab')
    expect(cutter.rest()).toEqual([])
    expect(leftOut).toHaveLength(2)
  })

  it('do not fill the memory when one never ends', () => {
    const cutter = createLineCutter()
    const piece = 'x'.repeat(1024 * 1024)
    for (let count = 0; count < 40; count += 1) cutter.push(piece)
    expect(cutter.push('\nnext\n')).toEqual(['next'])
  })

  it('carry a name, several lines of data, and no comments', async () => {
    const events = []
    for await (const event of serverEvents(of(': hi\n\nevent: content\ndata: a\ndata:b\nid: 3\n\nda', 'ta: c\n\ndata: last')))
      events.push(event)
    expect(events).toEqual([
      { event: 'content', data: 'a\nb' },
      { event: 'message', data: 'c' },
      { event: 'message', data: 'last' },
    ])
  })
})

describe('createTail', () => {
  it('keeps the end within its bound and counts what it dropped', () => {
    const tail = createTail(5)
    for (const piece of ['ab', 'cdef', '', 'g']) tail.push(piece)
    expect(tail.text()).toBe('cdefg')
    expect(tail.dropped()).toBe(2)
    tail.push('0123456789')
    expect([tail.text(), tail.dropped()]).toEqual(['56789', 12])
  })

  it('counts bytes, and cuts no character in two', () => {
    for (let bound = 1; bound <= 12; bound += 1) {
      const tail = createTail(bound)
      for (const piece of ['äö', '€', '😀', 'b', '😀']) tail.push(piece)
      expect(byteLength(tail.text())).toBeLessThanOrEqual(bound)
      expect('äö€😀b😀'.endsWith(tail.text())).toBe(true)
      expect(tail.dropped() + byteLength(tail.text())).toBe(byteLength('äö€😀b😀'))
    }
  })

  it('makes of a text that is too long a result that is not', () => {
    const long = 'ä'.repeat(limits.result_bytes)
    const result = asResult(long)
    expect(byteLength(result)).toBeLessThanOrEqual(limits.result_bytes)
    expect(result).toMatch(/^\[the first \d+ bytes are only in the output; a result holds 16777216 bytes\]\nä/)
    expect(asResult('short')).toBe('short')
  })
})
