import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { namesIn, withDatabase } from '../../../../tools/deploy/deploy-config.ts'
import { deploy, type DeployPorts } from '../../../../tools/deploy/deployment.ts'
import { KeptSecrets } from '../../../../tools/deploy/kept-secrets.ts'
import { addressIn, jsonIn } from '../../../../tools/deploy/wrangler-output.ts'
import { FakeAccount } from './account.ts'

const committed = fileURLToPath(new URL('../../../../wrangler.toml', import.meta.url))

let root: string
let account: FakeAccount
let ports: DeployPorts
let lines: string[]
let kept: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'modelreins-deployment-'))
  cpSync(committed, join(root, 'wrangler.toml'))
  account = new FakeAccount(root)
  lines = []
  kept = join(root, '.modelreins/deploy.json')
  let drawn = 0
  ports = {
    root,
    wrangler: account.wrangler,
    kept: new KeptSecrets(kept),
    fetch: account.fetch,
    sleep: async () => undefined,
    randomHex: (bytes) => {
      drawn += 1
      return drawn.toString(16).padStart(bytes * 2, '0')
    },
    say: (line) => lines.push(line),
    env: {},
    interactive: false,
  }
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** What the owner opens: made once, by the deployment that creates the tenant. */
const link = 'https://modelreins.mine.workers.dev/view/vwx#key'
const run = (more: Partial<DeployPorts> = {}) => deploy({ ...ports, ...more }, { tenant: 'main', url: undefined })

describe('the first deployment', () => {
  test('makes everything there is to make and gives the owner a link', async () => {
    expect(await run()).toEqual({
      url: 'https://modelreins.mine.workers.dev',
      viewUrl: link,
    })
    expect([...account.databases.keys()]).toEqual(['modelreins'])
    expect([...account.buckets]).toEqual(['modelreins'])
    expect(account.migrated).toBe(1)
    expect(account.secrets?.get('MODELREINS_SECRET')).toMatch(/^a:[0-9a-f]{64}$/)
  })

  test('deploys a service that reveals no one-time view without a proof of its key', async () => {
    await run()
    expect(readFileSync(join(root, 'wrangler.deploy.toml'), 'utf8')).toContain('MODELREINS_VIEW_PROOF = "required"')
  })

  test('writes the database of the account beside the committed configuration, not into it', async () => {
    const before = readFileSync(join(root, 'wrangler.toml'), 'utf8')
    await run()
    expect(readFileSync(join(root, 'wrangler.toml'), 'utf8')).toBe(before)
    expect(account.deployedConfig).toContain('database_id = "uuid-of-modelreins"')
    expect(account.deployedConfig).not.toContain('00000000-0000')
  })

  test('puts no secret into a command line or on the screen, and leaves none in a temporary file', async () => {
    await run()
    const secrets = [...(account.secrets?.values() ?? [])]
    expect(secrets).toHaveLength(2)
    for (const secret of secrets) expect([...account.calls, ...lines].join('\n')).not.toContain(secret)
    const files = account.calls.flatMap((line) => / --secrets-file (\S+)/.exec(line)?.[1] ?? [])
    expect(files).toHaveLength(1)
    expect(files.filter((file) => existsSync(file))).toEqual([])
    expect(statSync(kept).mode & 0o777).toBe(0o600)
  })

  test('waits for a new address to be known', async () => {
    account.healthyAfter = 5
    const waits: number[] = []
    const sleep = async (ms: number): Promise<void> => void waits.push(ms)
    expect((await run({ sleep })).viewUrl).toBe(link)
    expect(account.healthChecks).toBe(6)
    expect(waits).toHaveLength(5)
    account.healthyAfter = 1_000
    await expect(run()).rejects.toThrow(/does not answer yet.*run this again/)
  })
})

describe('a deployment that is run again', () => {
  test('changes no secret, makes nothing twice, and still deploys', async () => {
    await run()
    const secrets = new Map(account.secrets)
    const again = await run()
    expect(account.secrets).toEqual(secrets)
    expect(account.calls.filter((line) => / create /.test(line))).toHaveLength(2)
    expect(account.calls.filter((line) => line.startsWith('deploy '))).toHaveLength(2)
    expect(again.viewUrl).toBeUndefined()
    expect(lines).toContain('tenant main: there already; its owner has the key')
  })

  test.each(['d1 create', 'r2 bucket create', 'd1 migrations', 'secret list', 'deploy'])(
    'goes on where it broke off: at %s',
    async (step) => {
      account.failNext = step
      await expect(run()).rejects.toThrow(/wrangler says/)
      expect((await run()).viewUrl).toBe(link)
      // What had been made before is not made again: only the step that failed is called twice.
      for (const made of ['d1 create', 'r2 bucket create']) {
        expect(account.calls.filter((line) => line.startsWith(made))).toHaveLength(made === step ? 2 : 1)
      }
      expect([...account.databases.keys()]).toEqual(['modelreins'])
      expect([...account.tenants]).toEqual(['main'])
      expect(account.secrets?.get('MODELREINS_MASTER_TOKEN')).toBe(ports.kept.get('acc1', 'modelreins')?.master_token)
    },
  )

  test('from another machine deploys, but cannot make a tenant without the master token', async () => {
    await run()
    rmSync(kept)
    expect((await run()).viewUrl).toBeUndefined()
    expect(lines.at(-1)).toContain('master token is not known on this machine')
  })
})

describe('what a person has to do is said in a sentence', () => {
  test('to sign in', async () => {
    account.signedIn = false
    await expect(run()).rejects.toThrow('run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN')
    await expect(run({ env: { CLOUDFLARE_API_TOKEN: 'x' } })).rejects.toThrow('does not accept CLOUDFLARE_API_TOKEN')
  })

  test('to sign in, and somebody is there: the sign-in begins', async () => {
    account.signedIn = false
    expect((await run({ interactive: true })).viewUrl).toBe(link)
    expect(account.calls).toContain('login')
  })

  test('to choose an account', async () => {
    account.accounts = [
      { id: 'acc1', name: 'Mine' },
      { id: 'acc2', name: 'Ours' },
    ]
    await expect(run()).rejects.toThrow('set CLOUDFLARE_ACCOUNT_ID')
    await run({ env: { CLOUDFLARE_ACCOUNT_ID: 'acc2' } })
    expect(lines[0]).toBe('account Ours (acc2)')
    await expect(run({ env: { CLOUDFLARE_ACCOUNT_ID: 'acc9' } })).rejects.toThrow('The sign-in has no account acc9')
  })

  test('to enable R2', async () => {
    account.r2 = false
    await expect(run()).rejects.toThrow(/R2 is not enabled/)
  })
})

describe('the configuration of a deployment', () => {
  test('is read from the committed one', () => {
    expect(namesIn(readFileSync(committed, 'utf8'))).toEqual({ worker: 'modelreins', database: 'modelreins', bucket: 'modelreins' })
  })

  test('differs from it in one line', () => {
    const toml = readFileSync(committed, 'utf8')
    const made = withDatabase(toml, 'abc').split('\n').slice(1)
    const changed = toml.split('\n').filter((line, index) => line !== made[index])
    expect(changed).toEqual(['database_id = "00000000-0000-0000-0000-000000000000"'])
    expect(() => withDatabase('name = "x"', 'abc')).toThrow('no database_id')
  })
})

describe('reading wrangler', () => {
  test('finds JSON behind a banner, and nothing in no JSON', () => {
    expect(jsonIn('⛅️ wrangler 4\n[{"a":1}]')).toEqual([{ a: 1 }])
    expect(jsonIn('no luck {')).toBeUndefined()
  })

  test("takes the address of one's own before workers.dev", () => {
    const file = (...targets: string[]) => JSON.stringify({ type: 'deploy', targets })
    expect(addressIn(file('https://x.workers.dev'))).toBe('https://x.workers.dev')
    expect(addressIn(file('https://x.workers.dev', 'reins.example.com/*'))).toBe('https://reins.example.com')
    expect(addressIn('')).toBeUndefined()
  })
})
