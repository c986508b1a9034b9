/** Responsible for `npm run deploy`: its flags, and the dependencies of the steps. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildAssets } from '../build-assets.ts'
import { DeployFailure, UsageFailure } from './deploy-failure.ts'
import { deploy, rehearse, type DeployPorts } from './deployment.ts'
import { KeptSecrets } from './kept-secrets.ts'
import { installedWrangler } from './wrangler.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const help = `npm run deploy [-- FLAGS]   deploy to your own Cloudflare account; safe to run again

  --dry-run      show what would be done, build the Worker, change nothing
  --tenant NAME  the first tenant (default: main; 2 to 32 lower-case letters and digits)
  --url URL      the deployment's address, when wrangler cannot tell it
  --help         show this

CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID are used when set. docs/how-to/deploy.md says more.`

interface Flags {
  readonly help: boolean
  readonly dryRun: boolean
  readonly tenant: string
  readonly url: string | undefined
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        help: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        tenant: { type: 'string', default: 'main' },
        url: { type: 'string' },
      },
    }).values
  } catch (error) {
    throw new UsageFailure(error instanceof Error ? error.message : String(error))
  }
}

function flagsOf(words: readonly string[]): Flags {
  const values = parse(words)
  if (!/^[a-z0-9]{2,32}$/.test(values.tenant)) throw new UsageFailure('--tenant takes 2 to 32 lower-case letters and digits')
  if (values.url !== undefined && !/^https:\/\/[^/?#]+\/?$/.test(values.url)) {
    throw new UsageFailure('--url takes an address such as https://reins.example.com')
  }
  return { help: values.help, dryRun: values['dry-run'], tenant: values.tenant, url: values.url?.replace(/\/$/, '') }
}

const ports: DeployPorts = {
  root,
  wrangler: installedWrangler(root),
  kept: new KeptSecrets(join(root, '.modelreins/deploy.json')),
  fetch: (url, init) => fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(15_000) }),
  sleep: (ms) => sleep(ms),
  randomHex: (bytes) => randomBytes(bytes).toString('hex'),
  say: (line) => console.log(line),
  env: process.env,
  interactive: process.stdin.isTTY && process.stdout.isTTY,
}

async function main(words: readonly string[]): Promise<number> {
  const flags = flagsOf(words)
  if (flags.help) {
    console.log(help)
    return 0
  }
  buildAssets()
  if (flags.dryRun) {
    await rehearse(ports, flags)
    return 0
  }
  const { url, viewUrl } = await deploy(ports, flags)
  console.log(`\nModelReins answers at ${url}; read about it at ${url}/docs`)
  if (viewUrl !== undefined) {
    console.log(`\nThe owner of the tenant ${flags.tenant} takes the key here, once, within 24 hours:\n  ${viewUrl}`)
    console.log('\nThe master token, which creates tenants, is kept in .modelreins/deploy.json; Cloudflare does not give it back.')
  }
  return 0
}

void main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    if (error instanceof DeployFailure) console.error(error.said === '' ? error.message : `${error.message}\n${error.said}`)
    else if (error instanceof UsageFailure) console.error(`${error.message}\n\n${help}`)
    else console.error(error)
    process.exit(error instanceof UsageFailure ? 64 : 1)
  },
)
