/** `config`: what is written, who may read it, what is shown of it. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changeConfig } from '../../../../../worker-sdk/src/cli/setup/config-file.ts'
import { newFolder, Stage } from '../stage.ts'
import { memberKey, ViewServer, workerToken } from '../view-server.ts'

const fileOf = (stage: Stage): Record<string, unknown> => JSON.parse(readFileSync(stage.configFile, 'utf8')) as Record<string, unknown>
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('config, as the seed shows it', () => {
  it('sets, lists with secrets masked, says where, and resets', async () => {
    const stage = new Stage()
    await stage.run(['config', 'set', 'server', 'https://app.example.com/'])
    await stage.run(['config', 'set', 'token', workerToken])
    await stage.run(['config', 'set', 'provider', 'playwright'])
    expect(fileOf(stage)).toEqual({ server: 'https://app.example.com', token: workerToken, provider: 'playwright' })
    const list = await stage.run(['config', 'list'])
    expect(list.out).toBe('server\thttps://app.example.com\ntoken\tmrw_acme_****\nprovider\tplaywright\n')
    expect((await stage.run(['config', 'path'])).out).toBe(`${stage.configFile}\n`)
    await stage.run(['config', 'reset'])
    expect(existsSync(stage.configFile)).toBe(false)
    expect((await stage.run(['config', 'reset'])).code).toBe(0)
  })

  it('finds its file in the customary place', async () => {
    const stage = new Stage()
    const without = { env: { MODELREINS_CONFIG: '' } }
    expect((await stage.run(['config', 'path'], without)).out).toBe(`${stage.folder}/.config/modelreins/config.json\n`)
    expect((await stage.run(['config', 'path'], { ...without, change: { platform: 'darwin' } })).out).toContain(
      '/Library/Application Support/',
    )
    expect((await stage.run(['config', 'path', '--config', '/etc/reins.json'])).out).toBe('/etc/reins.json\n')
  })
})

describe('the config file', () => {
  it('is readable by its owner alone, and so is its folder', async () => {
    const stage = new Stage()
    await stage.run(['config', 'set', 'name', 'a'])
    expect(modeOf(stage.configFile)).toBe('600')
    expect(modeOf(dirname(stage.configFile))).toBe('700')
  })

  it('becomes so when it was not, and leaves a folder that was there alone', async () => {
    const stage = new Stage()
    mkdirSync(dirname(stage.configFile), { mode: 0o755 })
    chmodSync(dirname(stage.configFile), 0o755)
    writeFileSync(stage.configFile, '{"token": "x"}', { mode: 0o644 })
    await stage.run(['config', 'set', 'name', 'a'])
    expect(modeOf(stage.configFile)).toBe('600')
    expect(modeOf(dirname(stage.configFile))).toBe('755')
  })

  it('is written whole or not at all: nothing but the file is left behind', async () => {
    const stage = new Stage()
    await stage.run(['config', 'set', 'name', 'a'])
    await stage.run(['config', 'set', 'name', 'b'])
    expect(readdirSync(dirname(stage.configFile))).toEqual(['config.json'])
  })

  it('keeps keys that this version does not know', () => {
    const path = join(newFolder(), 'c.json')
    writeFileSync(path, '{"future": {"a": 1}, "name": "a"}')
    changeConfig(path, { name: 'b' })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ future: { a: 1 }, name: 'b' })
  })

  it('stays a symbolic link when it is one', () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'real.json'), '{}')
    symlinkSync(join(folder, 'real.json'), join(folder, 'link.json'))
    changeConfig(join(folder, 'link.json'), { name: 'b' })
    expect(JSON.parse(readFileSync(join(folder, 'real.json'), 'utf8'))).toEqual({ name: 'b' })
  })

  it('may begin with a byte order mark, as some editors write one', async () => {
    const stage = new Stage()
    mkdirSync(dirname(stage.configFile))
    writeFileSync(stage.configFile, '\uFEFF{"server": "https://x.example"}')
    expect(await stage.run(['config', 'list'])).toEqual({ code: 0, out: 'server\thttps://x.example\n', err: '' })
    await stage.run(['config', 'set', 'name', 'a'])
    expect(fileOf(stage)).toEqual({ server: 'https://x.example', name: 'a' })
  })

  it('that is not JSON is told, not overwritten', async () => {
    const stage = new Stage()
    mkdirSync(dirname(stage.configFile))
    writeFileSync(stage.configFile, 'token: yaml')
    const told = await stage.run(['config', 'set', 'name', 'a'])
    expect(told.code).toBe(64)
    expect(told.err).toContain('is not a JSON object')
    expect(readFileSync(stage.configFile, 'utf8')).toBe('token: yaml')
  })
})

describe('config get', () => {
  it('says that nothing is set, also in a pipe', async () => {
    const stage = new Stage()
    expect(await stage.run(['config', 'get', 'model'])).toEqual({ code: 1, out: '', err: `model is not set in ${stage.configFile}\n` })
  })
})

describe('config set', () => {
  it('writes the type that the setting has', async () => {
    const stage = new Stage()
    for (const [key = '', value = ''] of [
      ['slots', '3'],
      ['takeover', 'yes'],
      ['tags', 'a,b'],
    ])
      await stage.run(['config', 'set', key, value])
    expect(fileOf(stage)).toEqual({ slots: 3, takeover: true, tags: 'a,b' })
  })

  it('knows settings by every name they have, and leaves one of them', async () => {
    const stage = new Stage()
    mkdirSync(dirname(stage.configFile))
    writeFileSync(stage.configFile, '{"pollMs": 1000, "url": "http://old"}')
    await stage.run(['config', 'set', 'poll-ms', '2000'])
    await stage.run(['config', 'set', 'server', 'localhost:8787'])
    expect(fileOf(stage)).toEqual({ poll_ms: 2000, server: 'http://localhost:8787' })
    expect((await stage.run(['config', 'get', 'pollMs'])).out).toBe('2000\n')
  })

  it.each([
    [['slots', '0'], 'slots must be a whole number from 1 to 256'],
    [['slots', 'many'], 'slots must be a whole number'],
    [['transport', 'pigeon'], 'transport must be auto, socket or poll'],
    [['takeover', 'perhaps'], 'takeover must be true or false'],
    [['provider', 'claud'], 'did you mean claude?'],
    [['provder', 'claude'], 'There is no setting "provder"; did you mean provider?'],
    [['server', 'foo'], '"foo" is not the address of a server'],
    [['server', 'foo/api'], 'is not the address of a server'],
    [['server', 'ftp://x'], 'is not the address of a server'],
    [['server', 'https://me:secret@x'], 'must not hold a password'],
    [['name', ' '], 'needs a value'],
    [['token', 'two words'], 'This is not a token'],
  ])('refuses %j', async (words, message) => {
    const told = await new Stage().run(['config', 'set', ...words])
    expect(told.code).toBe(64)
    expect(told.err).toContain(message)
  })

  it('says, also to a program, what it takes a host without a scheme for', async () => {
    const stage = new Stage()
    expect(await stage.run(['config', 'set', 'server', 'reins.example.com'])).toEqual({
      code: 0,
      out: '',
      err: '"reins.example.com" is stored as https://reins.example.com\n',
    })
    expect((await stage.run(['config', 'set', 'server', 'https://reins.example.com/'])).err).toBe('')
  })

  it('reads a secret from standard input, or asks for it unseen', async () => {
    const stage = new Stage()
    await stage.run(['config', 'set', 'token', '-'], { stdin: `${workerToken}\n` })
    expect(fileOf(stage)).toEqual({ token: workerToken })
    const told = await stage.run(['config', 'set', 'admin_token'], { terminal: true, answers: [memberKey] })
    expect(fileOf(stage)).toEqual({ token: workerToken, admin_token: memberKey })
    expect(told.err).toContain('mrk_acme_****')
    expect(told.err + told.out).not.toContain(memberKey)
    expect((await stage.run(['config', 'set', 'token'])).err).toContain('or `-` to read it from standard input')
  })

  it('warns when the environment says something else', async () => {
    const told = await new Stage().run(['config', 'set', 'name', 'a'], { env: { MODELREINS_WORKER: 'b' } })
    expect(told.err).toContain('MODELREINS_WORKER is set and overrides it')
  })
})

describe('secrets', () => {
  it('are masked wherever they are shown, also under names nobody knows', async () => {
    const stage = new Stage()
    mkdirSync(dirname(stage.configFile))
    const content = { token: 'not-one-of-ours', redact: 'hunter2', openai_api_key: 'sk-1', odd: workerToken, name: 'a' }
    writeFileSync(stage.configFile, JSON.stringify(content))
    for (const words of [
      ['config', 'list'],
      ['config', 'list', '--json'],
    ]) {
      const { out } = await stage.run(words)
      for (const secret of ['not-one', 'hunter2', 'sk-1', workerToken]) expect(out).not.toContain(secret)
      expect(out).toContain('****')
    }
    expect((await stage.run(['config', 'get', 'token'])).out).toBe('****\n')
    expect((await stage.run(['config', 'get', 'token', '--reveal'])).out).toBe('not-one-of-ours\n')
  })
})

describe('a one-time view URL where a token is wanted', () => {
  const server = new ViewServer()
  beforeAll(() => server.listen())
  afterAll(() => server.close())

  it('is opened, and the token in it is kept, with the server', async () => {
    const stage = new Stage()
    const told = await stage.run(['config', 'set', 'token', server.seal(workerToken, 'triager')], { terminal: true })
    expect(told.code).toBe(0)
    expect(fileOf(stage)).toEqual({ token: workerToken, server: server.url })
    expect(told.err).toContain('worker triager')
  })

  it('of a second member speaks as that member from then on, whichever name the file keeps keys under', async () => {
    const other = memberKey.replace('hgfedcba21', 'zzzzzzzz21')
    const stage = new Stage()
    await stage.run(['config', 'set', 'server', server.url])
    await stage.run(['config', 'set', 'admin_token', other])
    const refused = await stage.run(['status', '--token', server.seal(memberKey, 'second')])
    expect([refused.code, refused.err]).toEqual([64, expect.stringContaining('config set admin_token <view URL>')])
    const told = await stage.run(['config', 'set', 'token', server.seal(memberKey, 'second')])
    expect(fileOf(stage)).toEqual({ server: server.url, token: memberKey, admin_token: memberKey })
    expect(told.err).toContain('admin_token was replaced too (it was mrk_acme_****)')
  })

  it('is told apart from a key as it is: nothing is replaced that was not named', async () => {
    const other = memberKey.replace('hgfedcba21', 'zzzzzzzz21')
    const stage = new Stage()
    await stage.run(['config', 'set', 'admin_token', other])
    const told = await stage.run(['config', 'set', 'token', memberKey])
    expect(fileOf(stage)).toEqual({ token: memberKey, admin_token: other })
    expect(told.err).toContain('commands use the key in admin_token before it')
  })

  it('opens once: the second time it is gone, and nothing is written', async () => {
    const stage = new Stage()
    const view = server.seal(workerToken, null)
    expect((await stage.run(['config', 'set', 'token', view])).code).toBe(0)
    await stage.run(['config', 'unset', 'token'])
    const again = await stage.run(['config', 'set', 'token', view])
    expect(again.code).toBe(66)
    expect(again.err).toContain('`workers rotate NAME` or `members rotate NAME` makes a new one')
    expect(fileOf(stage)).toEqual({ server: server.url })
  })

  it('is asked for at the known server when its own address cannot be reached', async () => {
    const stage = new Stage()
    await stage.run(['config', 'set', 'server', server.url])
    expect((await stage.run(['config', 'set', 'token', server.seal(workerToken, 'a', 'http://127.0.0.1:9')])).code).toBe(0)
    expect(fileOf(stage)).toEqual({ token: workerToken, server: server.url })
  })

  it('that was cut by a shell is told from a token', async () => {
    const told = await new Stage().run(['config', 'set', 'token', 'https://x.example/view/vwabc'])
    expect(told.err).toContain('with everything after the #')
    expect(told.err).toContain('put the URL in quotes')
  })

  it('is not opened by run when the file holds another token: it would be lost or overwrite that one', async () => {
    const stage = new Stage()
    await stage.run(['config', 'set', 'token', workerToken])
    const before = server.calls.length
    const told = await stage.run(['--token', server.seal(workerToken, 'a')])
    expect(told.code).toBe(64)
    expect(told.err).toContain('holds a token already')
    expect(server.calls.length).toBe(before)
  })
})
