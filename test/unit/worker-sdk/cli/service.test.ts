/** The background service: what is written for each system, and that no token is ever part of it. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Stage, type StageOptions } from './stage.ts'
import { workerToken } from './view-server.ts'

function withConfig(content: Readonly<Record<string, unknown>> = { server: 'https://reins.example.com', token: workerToken }): Stage {
  const stage = new Stage()
  mkdirSync(dirname(stage.configFile))
  writeFileSync(stage.configFile, JSON.stringify(content), { mode: 0o600 })
  return stage
}
const unitOf = (stage: Stage, name = 'modelreins-worker.service'): string => join(stage.folder, '.config/systemd/user', name)

describe('service install', () => {
  it('writes a systemd unit, starts it, and prints all of that', async () => {
    const stage = withConfig()
    const told = await stage.run(['service', 'install'])
    expect(told.code).toBe(0)
    const unit = readFileSync(unitOf(stage), 'utf8')
    expect(unit).toContain(`ExecStart="/opt/node/bin/node" "/opt/lib/modelreins-worker/dist/cli.js" "run" "--config=${stage.configFile}"`)
    expect(unit).toContain('Environment="PATH=/usr/bin:/bin"')
    expect(unit).toContain('RestartPreventExitStatus=64 77')
    expect(told.out).toContain(unit.trimEnd())
    expect(told.out).toContain('$ systemctl --user enable modelreins-worker.service')
    expect(stage.ran.map((words) => words[2])).toEqual(['daemon-reload', 'enable', 'restart'])
  })

  it('has no token in file, command lines or output, whatever holds it', async () => {
    const stage = withConfig()
    const told = await stage.run(['service', 'install', '--name', 'a'], { env: { MODELREINS_TOKEN: workerToken } })
    const everything = [
      told.out,
      told.err,
      readFileSync(unitOf(stage, 'modelreins-worker-a.service'), 'utf8'),
      JSON.stringify(stage.ran),
    ].join('\n')
    expect(everything).not.toContain(workerToken)
    expect((await stage.run(['service', 'install', '--token', workerToken])).err).toContain('service install has no flag --token')
  })

  it('passes other settings on, quoted for systemd', async () => {
    const stage = withConfig()
    await stage.run(['service', 'install', '--name', 'my bot', '--command', 'echo "100%" $HOME', '--takeover'])
    const unit = readFileSync(unitOf(stage, 'modelreins-worker-my-bot.service'), 'utf8')
    expect(unit).toContain(String.raw`"--name=my bot" "--command=echo \"100%%\" $$HOME" "--takeover"`)
  })

  it('waits for the worker to drain before the system kills', async () => {
    const stage = withConfig()
    await stage.run(['service', 'install', '--grace-ms', '120000'])
    expect(readFileSync(unitOf(stage), 'utf8')).toContain('TimeoutStopSec=135')
  })

  it('writes and runs nothing with --dry-run', async () => {
    const stage = new Stage()
    const told = await stage.run(['service', 'install', '--dry-run'])
    expect(told.code).toBe(0)
    expect(told.out).toContain('[Service]')
    expect([existsSync(unitOf(stage)), stage.ran]).toEqual([false, []])
  })

  it('needs a config file with server and token: a service sees no shell', async () => {
    const stage = withConfig({ server: 'https://x.example' })
    const told = await stage.run(['service', 'install'], { env: { MODELREINS_TOKEN: workerToken } })
    expect(told.code).toBe(64)
    expect(told.err).toContain('has no token')
  })

  it('refuses the cache of npx', async () => {
    const program = ['/usr/bin/node', '/home/a/.npm/_npx/1f/node_modules/modelreins-worker/dist/cli.js'] as const
    const told = await withConfig().run(['service', 'install'], { change: { program } })
    expect(told.err).toContain('npm install -g modelreins-worker')
  })

  it('says so when the system has no service manager', async () => {
    const runProgram = () => Promise.resolve({ code: 127, output: 'spawn systemctl ENOENT' })
    const told = await withConfig().run(['service', 'install'], { change: { runProgram } })
    expect(told.code).toBe(69)
    expect(told.err).toContain('no such service manager')
  })
})

describe('on other systems', () => {
  const mac: StageOptions = { change: { platform: 'darwin' }, env: { PATH: '/usr/bin:/a&b' } }
  const windows: StageOptions = {
    change: { platform: 'win32', program: ['C:\\Program Files\\node.exe', 'C:\\npm\\cli.js'] },
    env: { USERNAME: 'ada', USERDOMAIN: 'PC' },
  }

  it('it is a launch agent', async () => {
    const stage = withConfig()
    const told = await stage.run(['service', 'install', '--name', 'b'], mac)
    const plist = readFileSync(join(stage.folder, 'Library/LaunchAgents/com.modelreins.worker.b.plist'), 'utf8')
    expect(plist).toContain('<string>--name=b</string>')
    expect(plist).toContain('<string>/usr/bin:/a&amp;b</string>')
    expect(stage.ran.at(-1)).toEqual([
      'launchctl',
      'bootstrap',
      'gui/501',
      join(stage.folder, 'Library/LaunchAgents/com.modelreins.worker.b.plist'),
    ])
    expect(told.out).not.toContain(workerToken)
  })

  it('it is a scheduled task, as UTF-16 with its mark', async () => {
    const stage = withConfig()
    await stage.run(['service', 'install'], windows)
    const file = join(dirname(stage.configFile), 'modelreins-worker.task.xml')
    const bytes = readFileSync(file)
    expect([bytes[0], bytes[1]]).toEqual([0xff, 0xfe])
    const xml = bytes.toString('utf16le')
    expect(xml).toContain('<Command>C:\\Program Files\\node.exe</Command>')
    expect(xml).toContain(`<Arguments>C:\\npm\\cli.js run --config=${stage.configFile}</Arguments>`)
    expect(xml).toContain('<UserId>PC\\ada</UserId>')
    expect(stage.ran[0]).toEqual(['schtasks', '/Create', '/TN', 'ModelReins worker', '/XML', file, '/F'])
  })
})

describe('service uninstall and status', () => {
  it('take it away again, and leave the config file', async () => {
    const stage = withConfig()
    await stage.run(['service', 'install'])
    expect((await stage.run(['service', 'status'])).out).toBe('modelreins-worker.service: runs\n')
    expect((await stage.run(['service', 'uninstall'])).code).toBe(0)
    expect(existsSync(unitOf(stage))).toBe(false)
    expect(statSync(stage.configFile).isFile()).toBe(true)
    expect(await stage.run(['service', 'status'])).toMatchObject({ code: 66, out: 'modelreins-worker.service: not installed\n' })
    expect((await stage.run(['service', 'uninstall'])).code).toBe(0)
  })
})
