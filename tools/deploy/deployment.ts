/**
 * Responsible for the steps of a deployment. Each step first checks what exists, so that all of them can be repeated. It starts no process and reads
 * no clock itself.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namesIn, withDatabase } from './deploy-config.ts'
import { DeployFailure } from './deploy-failure.ts'
import type { KeptSecrets } from './kept-secrets.ts'
import { accountsIn, addressIn, databaseIn, hasCode, secretsIn, type Account } from './wrangler-output.ts'
import type { Said, Wrangler } from './wrangler.ts'

export interface DeployPorts {
  /** Path of the repository: wrangler.toml is read from it, wrangler.deploy.toml is written to it. */
  readonly root: string
  readonly wrangler: Wrangler
  readonly kept: KeptSecrets
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>
  readonly sleep: (ms: number) => Promise<void>
  /** This many random bytes, as hex. */
  readonly randomHex: (bytes: number) => string
  readonly say: (line: string) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** True when a person is at the terminal and can sign in. */
  readonly interactive: boolean
}

export interface DeployRequest {
  readonly tenant: string
  /** The address to call when wrangler's output does not contain it (routes with patterns). */
  readonly url: string | undefined
}

export interface Deployed {
  readonly url: string
  /** Undefined when the tenant already existed or cannot be created from this machine. */
  readonly viewUrl: string | undefined
}

const configName = 'wrangler.deploy.toml'
/** A new workers.dev address needs a while until it resolves everywhere. Milliseconds. */
const answerLimitMs = 120_000

const words = (said: Said): string => `${said.stdout}\n${said.stderr}`.trim()

async function mustSucceed(run: Promise<Said>, what: string): Promise<Said> {
  const said = await run
  if (said.code === 0) return said
  throw new DeployFailure(`${what} failed; wrangler says:`, words(said))
}

async function signIn(ports: DeployPorts): Promise<Account> {
  const ask = async () => accountsIn(await ports.wrangler(['whoami', '--json']))
  let accounts = await ask()
  if (accounts === undefined && ports.interactive && ports.env['CLOUDFLARE_API_TOKEN'] === undefined) {
    ports.say('You are not signed in to Cloudflare: a browser window opens for that.')
    await ports.wrangler(['login'], { interactive: true })
    accounts = await ask()
  }
  if (accounts === undefined) {
    throw new DeployFailure(
      ports.env['CLOUDFLARE_API_TOKEN'] === undefined
        ? 'Not signed in to Cloudflare: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN, then run this again.'
        : 'Cloudflare does not accept CLOUDFLARE_API_TOKEN: make a token that may edit Workers Scripts, D1 and R2, then run this again.',
    )
  }
  const wanted = ports.env['CLOUDFLARE_ACCOUNT_ID']
  const account = wanted === undefined ? accounts[0] : accounts.find((one) => one.id === wanted)
  if (account === undefined) throw new DeployFailure(`The sign-in has no account ${wanted ?? ''}`.trimEnd() + '.')
  if (wanted === undefined && accounts.length > 1) {
    const list = accounts.map((one) => `  ${one.id}  ${one.name}`).join('\n')
    throw new DeployFailure('There is more than one account: set CLOUDFLARE_ACCOUNT_ID to one of these, then run this again.', list)
  }
  return account
}

async function ensureDatabase(ports: DeployPorts, name: string): Promise<string> {
  const look = async () => databaseIn(await mustSucceed(ports.wrangler(['d1', 'list', '--json']), 'Listing the D1 databases'), name)
  const found = await look()
  if (found !== undefined) {
    ports.say(`database ${name}: there already`)
    return found
  }
  await mustSucceed(ports.wrangler(['d1', 'create', name]), `Creating the D1 database ${name}`)
  const made = await look()
  if (made === undefined) throw new DeployFailure(`The D1 database ${name} was created but is not listed yet: run this again.`)
  ports.say(`database ${name}: created`)
  return made
}

async function ensureBucket(ports: DeployPorts, name: string): Promise<void> {
  const said = await ports.wrangler(['r2', 'bucket', 'info', name, '--json'])
  if (said.code === 0) {
    ports.say(`bucket ${name}: there already`)
    return
  }
  const notEnabled = "R2 is not enabled in this account: open R2 in Cloudflare's dashboard once, accept its terms, then run this again."
  if (hasCode(said, 10042)) throw new DeployFailure(notEnabled)
  if (!hasCode(said, 10006) && !/does not exist/i.test(words(said)))
    throw new DeployFailure(`Looking for the bucket ${name} failed; wrangler says:`, words(said))
  const created = await ports.wrangler(['r2', 'bucket', 'create', name])
  if (hasCode(created, 10042)) throw new DeployFailure(notEnabled)
  if (created.code !== 0) throw new DeployFailure(`Creating the bucket ${name} failed; wrangler says:`, words(created))
  ports.say(`bucket ${name}: created`)
}

/** The missing secrets, with new values. Existing ones are never replaced: a new signing secret would invalidate every token. */
async function missingSecrets(ports: DeployPorts, account: Account, worker: string): Promise<Readonly<Record<string, string>>> {
  const said = await ports.wrangler(['secret', 'list', '--config', configName])
  // Error 10007: the Worker does not exist yet.
  if (said.code !== 0 && !hasCode(said, 10007) && !/not found|does not exist/i.test(words(said))) {
    throw new DeployFailure('Listing the secrets failed; wrangler says:', words(said))
  }
  const set = new Set(said.code === 0 ? secretsIn(said) : [])
  const missing: Record<string, string> = {}
  if (!set.has('MODELREINS_SECRET')) missing['MODELREINS_SECRET'] = `a:${ports.randomHex(32)}`
  if (!set.has('MODELREINS_MASTER_TOKEN')) {
    // Stored before it is set, so that an interrupted deployment does not lose it.
    const master = ports.kept.get(account.id, worker)?.master_token ?? `mrm_${ports.randomHex(24)}`
    ports.kept.save(account.id, worker, { master_token: master })
    missing['MODELREINS_MASTER_TOKEN'] = master
  }
  const names = Object.keys(missing)
  ports.say(names.length === 0 ? 'secrets: set already, left as they are' : `secrets: generated ${names.join(' and ')}`)
  return missing
}

/** Uploads the code and the missing secrets in one step; returns the address. The secrets are passed in a file that is deleted afterwards. */
async function upload(ports: DeployPorts, secrets: Readonly<Record<string, string>>): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-deploy-'))
  try {
    const output = join(folder, 'output.ndjson')
    writeFileSync(output, '')
    const file = join(folder, 'secrets.json')
    const more = Object.keys(secrets).length === 0 ? [] : ['--secrets-file', file]
    if (more.length > 0) writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 })
    const run = ports.wrangler(['deploy', '--config', configName, ...more], { show: true, env: { WRANGLER_OUTPUT_FILE_PATH: output } })
    await mustSucceed(run, 'The deployment')
    return addressIn(readFileSync(output, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function untilHealthy(ports: DeployPorts, url: string): Promise<void> {
  ports.say(`waiting for ${url}/health`)
  for (let waited = 0; waited < answerLimitMs; waited += 2_000) {
    const response = await ports.fetch(`${url}/health`).catch(() => undefined)
    if (response?.status === 200) return
    await ports.sleep(2_000)
  }
  throw new DeployFailure(`${url} does not answer yet. A new address takes a minute or two: run this again.`)
}

async function firstTenant(ports: DeployPorts, url: string, tenant: string, master: string | undefined): Promise<string | undefined> {
  if (master === undefined) {
    ports.say('The master token is not known on this machine (another one deployed first), so no tenant was asked for.')
    return undefined
  }
  const response = await ports.fetch(`${url}/api/v1/tenants`, {
    method: 'POST',
    headers: { authorization: `Bearer ${master}`, 'content-type': 'application/json' },
    body: JSON.stringify({ tenant, owner_name: 'owner' }),
  })
  const answer: unknown = await response.json().catch(() => undefined)
  const field = (name: string): string | undefined => {
    const found: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined
    return typeof found === 'string' ? found : undefined
  }
  if (response.status === 201) return field('view_url')
  if (field('code') === 'name-taken') {
    ports.say(`tenant ${tenant}: there already; its owner has the key`)
    return undefined
  }
  throw new DeployFailure(`Creating the tenant ${tenant} failed: ${response.status} ${field('detail') ?? field('title') ?? ''}`.trimEnd())
}

/**
 * Deploys a control plane to an account and waits until it answers. Throws `DeployFailure` when a person has to act; a repeated call continues from
 * there.
 */
export async function deploy(ports: DeployPorts, request: DeployRequest): Promise<Deployed> {
  const toml = readFileSync(join(ports.root, 'wrangler.toml'), 'utf8')
  const names = namesIn(toml)
  const account = await signIn(ports)
  ports.say(`account ${account.name} (${account.id})`)
  const databaseId = await ensureDatabase(ports, names.database)
  await ensureBucket(ports, names.bucket)
  writeFileSync(join(ports.root, configName), withDatabase(toml, databaseId))
  const migrate = ['d1', 'migrations', 'apply', names.database, '--remote', '--config', configName]
  await mustSucceed(ports.wrangler(migrate), 'Applying the migrations')
  ports.say('migrations: applied')
  const said = await upload(ports, await missingSecrets(ports, account, names.worker))
  const kept = ports.kept.get(account.id, names.worker)
  const url = request.url ?? said ?? kept?.url
  if (url === undefined)
    throw new DeployFailure('Deployed, but wrangler names no address: run this again with --url https://<your address>.')
  if (kept !== undefined) ports.kept.save(account.id, names.worker, { ...kept, url })
  await untilHealthy(ports, url)
  return { url, viewUrl: await firstTenant(ports, url, request.tenant, kept?.master_token) }
}

/** Prints what `deploy` would do, and builds the Worker to prove that it can. Needs no account and changes nothing. */
export async function rehearse(ports: DeployPorts, request: DeployRequest): Promise<void> {
  const names = namesIn(readFileSync(join(ports.root, 'wrangler.toml'), 'utf8'))
  const steps = [
    'sign in to Cloudflare, unless signed in',
    `create the D1 database ${names.database} and the R2 bucket ${names.bucket}, unless they exist`,
    `write ${configName}, which git ignores`,
    'apply the migrations of the database',
    'generate MODELREINS_SECRET and MODELREINS_MASTER_TOKEN, unless they are set',
    `deploy the Worker ${names.worker}`,
    `create the tenant ${request.tenant}, unless it exists, and print its owner's link`,
  ]
  ports.say('A dry run: nothing is changed. npm run deploy would:')
  for (const [index, step] of steps.entries()) ports.say(`  ${index + 1}. ${step}`)
  const said = await mustSucceed(ports.wrangler(['deploy', '--dry-run']), 'Building the Worker')
  ports.say(/Total Upload: .*/.exec(said.stdout)?.[0] ?? 'The Worker builds.')
}
