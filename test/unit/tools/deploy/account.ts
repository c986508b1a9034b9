/** Responsible for a Cloudflare account that exists in memory only, spoken to by wrangler's words; it answers as wrangler does. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Said, Wrangler } from '../../../../tools/deploy/wrangler.ts'

const said = (stdout: string): Said => ({ code: 0, stdout, stderr: '' })
const refused = (code: number, message: string): Said => ({ code: 1, stdout: '', stderr: `✘ [ERROR] ${message} [code: ${code}]` })

export class FakeAccount {
  accounts = [{ id: 'acc1', name: 'Mine' }]
  signedIn = true
  r2 = true
  readonly databases = new Map<string, string>()
  readonly buckets = new Set<string>()
  /** Undefined: no Worker yet. */
  secrets: Map<string, string> | undefined
  migrated = 0
  tenants = new Set<string>()
  healthyAfter = 0
  /** How often its health was asked for. */
  healthChecks = 0
  /** Every command line, and everything that any of them held. */
  readonly calls: string[] = []
  deployedConfig = ''
  failNext: string | undefined

  constructor(readonlyRoot: string) {
    this.#root = readonlyRoot
  }
  readonly #root: string

  readonly wrangler: Wrangler = async (words, options = {}) => {
    const line = words.join(' ')
    this.calls.push(line)
    if (this.failNext !== undefined && line.startsWith(this.failNext)) {
      this.failNext = undefined
      return refused(10000, 'Something on our side')
    }
    if (line === 'whoami --json')
      return this.signedIn
        ? said(JSON.stringify({ loggedIn: true, accounts: this.accounts }))
        : { code: 1, stdout: '{"loggedIn":false}', stderr: '' }
    if (line === 'login') {
      this.signedIn = true
      return said('')
    }
    if (line === 'd1 list --json') return said(`banner\n${JSON.stringify([...this.databases].map(([name, uuid]) => ({ uuid, name })))}`)
    if (words[0] === 'd1' && words[1] === 'create') {
      this.databases.set(words[2] ?? '', `uuid-of-${words[2] ?? ''}`)
      return said('Successfully created DB')
    }
    if (line.startsWith('r2 bucket info')) return this.#bucket(words[3] ?? '')
    if (line.startsWith('r2 bucket create')) {
      this.buckets.add(words[3] ?? '')
      return said('Created bucket')
    }
    if (line.startsWith('d1 migrations apply')) {
      this.migrated += 1
      return said('')
    }
    if (line.startsWith('secret list')) {
      return this.secrets === undefined
        ? refused(10007, 'This Worker does not exist on your account.')
        : said(JSON.stringify([...this.secrets.keys()].map((name) => ({ name, type: 'secret_text' }))))
    }
    if (words[0] === 'deploy') return this.#deploy(words, options.env ?? {})
    throw new Error(`the account was asked for what it does not know: ${line}`)
  }

  #bucket(name: string): Said {
    if (!this.r2) return refused(10042, 'Please enable R2 through the Cloudflare Dashboard.')
    return this.buckets.has(name) ? said(JSON.stringify({ name })) : refused(10006, 'The specified bucket does not exist.')
  }

  #deploy(words: readonly string[], env: Readonly<Record<string, string>>): Said {
    this.deployedConfig = readFileSync(join(this.#root, words[words.indexOf('--config') + 1] ?? ''), 'utf8')
    this.secrets ??= new Map()
    const file = words.indexOf('--secrets-file')
    if (file !== -1) {
      const given: Record<string, string> = JSON.parse(readFileSync(words[file + 1] ?? '', 'utf8'))
      for (const [name, value] of Object.entries(given)) this.secrets.set(name, value)
    }
    const output = { type: 'deploy', version: 1, targets: ['https://modelreins.mine.workers.dev'] }
    writeFileSync(env['WRANGLER_OUTPUT_FILE_PATH'] ?? '', `{"type":"wrangler-session"}\n${JSON.stringify(output)}\n`)
    return said('Deployed')
  }

  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    if (url.endsWith('/health')) {
      this.healthyAfter -= 1
      this.healthChecks += 1
      return new Response('', { status: this.healthyAfter >= 0 ? 404 : 200 })
    }
    const bearer = new Headers(init.headers).get('authorization')
    if (bearer !== `Bearer ${this.secrets?.get('MODELREINS_MASTER_TOKEN') ?? ''}`)
      return Response.json({ code: 'unauthorized' }, { status: 401 })
    const { tenant }: { tenant: string } = JSON.parse(String(init.body))
    if (this.tenants.has(tenant)) return Response.json({ code: 'name-taken' }, { status: 409 })
    this.tenants.add(tenant)
    return Response.json({ tenant, view_url: `${new URL(url).origin}/view/vwx#key` }, { status: 201 })
  }
}
