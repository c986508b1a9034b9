/** Responsible for the individual checks of `doctor`: what was found, and what the user can do. */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isLoopbackHost, problems, type Output } from '@modelreins/contract'
import { Client } from '../../client/client.ts'
import { ModelReinsError } from '../../client/error.ts'
import { isProviderName, providerNames } from '../../providers/index.ts'
import { proxyFor } from '../../net/proxy-rules.ts'
import { version } from '../../version.ts'
import { findSetting, type ResolvedOptions } from '../../worker/settings/options.ts'
import { waitingIn } from '../../worker/delivery/outbox.ts'
import { socketThrough } from '../../worker/link/socket.ts'
import { openToOthers } from './config-file.ts'
import { serverAddress } from './config-keys.ts'
import type { CommandContext } from '../context.ts'
import { failureReport } from '../output/failure.ts'
import { levelText } from '../output/killswitch-text.ts'
import { didYouMean } from '../../nearest.ts'
import { loginPath } from './login-path.ts'
import { checkProvider, searchProviders } from './provider-search.ts'
import { showDuration } from '../output/time-words.ts'
import { looksLikeView } from './redeem-token.ts'
import { flagOptions, outboxPath, resolvedSettings, settingsForProvider } from './worker-settings.ts'

export interface Check {
  readonly name: string
  readonly outcome: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly help?: string
  /** Exit code of the program when this is the first failure. */
  readonly exitCode: number
}

const ok = (name: string, detail: string): Check => ({ name, outcome: 'ok', detail, exitCode: 0 })
const warn = (name: string, detail: string, help: string): Check => ({ name, outcome: 'warn', detail, help, exitCode: 0 })
const fail = (name: string, detail: string, help: string | undefined, exitCode: number): Check => ({
  name,
  outcome: 'fail',
  detail,
  ...(help === undefined ? {} : { help }),
  exitCode,
})
const usageExit = problems['invalid-request'].exit
const failedWith = (name: string, error: unknown, help?: string): Check => {
  const told = failureReport(error)
  return fail(name, told.message, help ?? told.help, told.exitCode)
}

const oldestNode = 18

export function machineChecks(context: CommandContext): readonly Check[] {
  const node = Number(process.versions.node.split('.')[0])
  const nodeCheck =
    node >= oldestNode
      ? ok('node', process.version)
      : fail('node', process.version, `Node ${oldestNode} or newer is needed`, problems.unavailable.exit)
  return [nodeCheck, ok('package', `modelreins-worker ${version}`), configCheck(context), ...folderChecks(context), ...proxyChecks(context)]
}

/** The proxy settings of the environment; empty when there are none. */
function proxyChecks(context: CommandContext): readonly Check[] {
  const { env } = context
  const checks: Check[] = []
  const named = findSetting('url', flagOptions(context.invocation), env, context.config()).value
  for (const address of [typeof named === 'string' ? named : '', 'https://api.example.com']) {
    try {
      const choice = address === '' ? undefined : proxyFor(address, env)
      if (choice === undefined) continue
      const whom = address === 'https://api.example.com' ? 'other addresses' : new URL(address).host
      checks.push(
        ok(
          'proxy',
          `${choice.variable}: ${choice.proxy.host} for ${whom}${env['NO_PROXY'] === undefined && env['no_proxy'] === undefined ? '' : ', except NO_PROXY'}`,
        ),
      )
    } catch (error) {
      checks.push(
        warn('proxy', error instanceof Error ? error.message : String(error), 'Give an address such as http://proxy.example.com:8080'),
      )
    }
  }
  const ca = env['NODE_EXTRA_CA_CERTS']
  if (ca !== undefined && ca !== '') {
    checks.push(
      existsSync(ca)
        ? ok('certificates', `NODE_EXTRA_CA_CERTS: ${ca}`)
        : warn(
            'certificates',
            `NODE_EXTRA_CA_CERTS: ${ca} does not exist`,
            'Set it to the file with the root certificate of your organisation',
          ),
    )
  }
  return checks
}

function configCheck(context: CommandContext): Check {
  try {
    context.config()
  } catch (error) {
    return failedWith('config', error)
  }
  if (!existsSync(context.configPath)) return ok('config', `${context.configPath} (none yet)`)
  const mode = openToOthers(context.configPath, context.system.platform)
  if (mode !== undefined)
    return warn('config', `${context.configPath} has mode ${mode}: other users can read the token in it`, `chmod 600 ${context.configPath}`)
  return ok('config', context.configPath)
}

/** The settings, or a failed check when they are invalid; `settings` reports what is wrong. */
function settingsOf(context: CommandContext): ResolvedOptions | Check {
  try {
    return resolvedSettings(context)
  } catch (error) {
    return failedWith('settings', error)
  }
}

function folderChecks(context: CommandContext): readonly Check[] {
  const settings = settingsOf(context)
  if ('outcome' in settings) return [settings]
  const checks: Check[] = []
  if (settings.workDir !== undefined) {
    try {
      if (!statSync(settings.workDir).isDirectory()) throw new Error(`${settings.workDir} is not a folder`)
      accessSync(settings.workDir, constants.W_OK)
      checks.push(ok('work dir', settings.workDir))
    } catch (error) {
      checks.push(
        fail('work dir', error instanceof Error ? error.message : String(error), 'create it, or pass another with --work-dir', usageExit),
      )
    }
  }
  return [...checks, ...outboxChecks(settings.outboxFile, outboxPath(context.configPath, settings))]
}

const completions = (count: number): string => (count === 1 ? '1 completion waits' : `${count} completions wait`)

/** Results that this worker has not delivered, and other journals in the same folder: a new token has a new file. */
function outboxChecks(named: string | undefined, usual: string): readonly Check[] {
  const own = named ?? usual
  const folder = dirname(usual)
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : []
  return [...new Set([own, ...files.map((name) => join(folder, name))])].flatMap((path) => {
    const waiting = existsSync(path) ? waitingIn(path) : 0
    if (waiting === 0) return []
    return path === own
      ? [warn('outbox', `${completions(waiting)} to be delivered`, 'delivered when the worker runs again')]
      : [
          warn(
            'outbox',
            `${completions(waiting)} in ${path}, of another worker or an earlier token`,
            `\`--outbox-file ${path}\` delivers it`,
          ),
        ]
  })
}

export async function serverChecks(context: CommandContext): Promise<readonly Check[]> {
  let url: string
  try {
    const found = findSetting('url', flagOptions(context.invocation), context.env, context.config()).value
    if (typeof found !== 'string')
      return [fail('server', 'no address', '`modelreins-worker --setup`, MODELREINS_URL or --server', usageExit)]
    url = serverAddress(found)
  } catch (error) {
    return [failedWith('server', error)]
  }
  const begun = context.now
  const anonymous = new Client({ url, fetch: context.fetch, retry: false, timeoutMs: 10_000 })
  let health: Output<'service.health'>
  try {
    health = await anonymous.service.health()
  } catch (error) {
    return [failedWith('server', error, 'Check that the server runs and the address is right; a proxy or firewall may block it.')]
  }
  const took = context.now - begun
  const checks: Check[] = [reached(url, health, took), ...plainHttp(url), clockCheck(health, begun + took / 2)]
  return [...checks, ...(await tokenChecks(context, url))]
}

function reached(url: string, health: Output<'service.health'>, took: number): Check {
  const detail = `${url} answers in ${showDuration(took)}, version ${health.version}`
  if (health.status === 'ok') return ok('server', detail)
  const parts = Object.entries(health.checks).map(([name, state]) => `${name}: ${state}`)
  return warn('server', `${detail}, degraded (${parts.join(', ')})`, 'check the named parts on the server')
}

const plainHttp = (url: string): readonly Check[] => {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || isLoopbackHost(hostname)
    ? []
    : [warn('transport', 'the token travels unencrypted over http', 'use an https address')]
}

/** Half of the round trip is the best estimate. Leases and retry times use the server's time, so a wrong clock only causes longer waits. */
const skewWarnMs = 5_000
const skewFailMs = 10 * 60_000

export function clockCheck(health: { readonly time: string }, localMs: number): Check {
  const skew = localMs - Date.parse(health.time)
  if (Number.isNaN(skew)) return warn('clock', 'the server sends no Date header', 'a proxy may have removed it')
  const text = `${showDuration(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} the server`
  if (Math.abs(skew) >= skewFailMs) return fail('clock', text, 'set the clock of this machine (NTP)', problems.unavailable.exit)
  return Math.abs(skew) >= skewWarnMs ? warn('clock', text, 'set the clock of this machine (NTP)') : ok('clock', 'agrees with the server')
}

async function tokenChecks(context: CommandContext, url: string): Promise<readonly Check[]> {
  const found = findSetting('token', flagOptions(context.invocation), context.env, context.config())
  if (typeof found.value !== 'string') {
    return [fail('token', 'none', '`modelreins-worker config set token -`, or MODELREINS_TOKEN', problems.unauthorized.exit)]
  }
  if (looksLikeView(found.value)) {
    return [
      fail('token', `${found.place} is an unopened one-time view URL`, '`modelreins-worker config set token <URL>` opens it', usageExit),
    ]
  }
  const token = found.value.trim()
  const client = new Client({ url, token, fetch: context.fetch, retry: false, timeoutMs: 10_000 })
  let me: Output<'members.whoami'>
  try {
    me = await client.members.whoami()
  } catch (error) {
    const refused = error instanceof ModelReinsError && error.code === 'unauthorized'
    return [
      failedWith(
        'token',
        error,
        refused ? `${found.place} is not valid on this server: revoked, rotated, or issued by another server` : undefined,
      ),
    ]
  }
  const role = me.role === null ? '' : ` (${me.role})`
  const whose = `${me.kind} ${me.name}${role} of tenant ${me.tenant}, from ${found.place}`
  const mayWork = me.kind === 'worker' || me.role === 'owner' || me.role === 'operator'
  const identity = mayWork
    ? ok('token', whose)
    : fail('token', `${whose}: the role ${me.role} cannot run a worker`, 'register a worker and use its token', problems.forbidden.exit)
  return [identity, ...(await killswitchCheck(client)), ...(mayWork ? [await socketCheck(url, token)] : [])]
}

async function killswitchCheck(client: Client): Promise<readonly Check[]> {
  try {
    const state = await client.killswitch.get({})
    return [
      state.level === 0
        ? ok('killswitch', levelText(state))
        : warn(
            'killswitch',
            levelText(state),
            state.active
              ? 'a worker will not start until a member clears it: kill --clear'
              : 'no new work until a member clears it: kill --clear',
          ),
    ]
  } catch (error) {
    return [failedWith('killswitch', error)]
  }
}

const socketMs = 10_000

/** Opens the worker socket and sends a ping. It sends no hello, so that a worker that runs with this token is not disturbed. */
export function socketCheck(url: string, token: string, open = socketThrough(process.env)): Promise<Check> {
  const fallback = 'the worker polls instead, which is slower to start jobs; is a proxy in between that does not pass WebSockets?'
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(warn('socket', `no reply within ${socketMs / 1000} s`, fallback)), socketMs)
    let done = false
    const finish = (check: Check): void => {
      if (done) return
      done = true
      clearTimeout(timer)
      resolve(check)
      socket.terminate()
    }
    const socket = open(
      `${url.replace(/^http/, 'ws')}/api/v1/connect`,
      { authorization: `Bearer ${token}` },
      {
        onOpen: () => socket.send('ping'),
        onMessage: (text) =>
          finish(text === 'pong' ? ok('socket', 'possible') : warn('socket', 'unexpected reply; expected `pong`', fallback)),
        onRefused: (status) => finish(warn('socket', `refused with status ${status}`, fallback)),
        onError: (error) => finish(warn('socket', error.message, fallback)),
        onClose: (code) => finish(warn('socket', `closed at once (${code})`, fallback)),
      },
    )
  })
}

/** Other providers that this machine could use, one line each. */
export async function otherProviders(context: CommandContext): Promise<readonly Check[]> {
  const settings = settingsOf(context)
  if ('outcome' in settings) return []
  const found = await searchProviders(
    settingsForProvider(context, settings),
    settings.type,
    loginPath(context.env, context.system.platform),
  )
  return found
    .filter((one) => one.present && one.name !== settings.type)
    .map((one) => ok('found', `${one.name}: ${one.detail.replace(`${one.name}: `, '')}`))
}

export async function providerCheck(context: CommandContext): Promise<readonly Check[]> {
  const settings = settingsOf(context)
  // Already reported by the machine's checks.
  if ('outcome' in settings) return []
  const name = settings.type ?? ''
  if (!isProviderName(name)) {
    return [
      fail(
        'provider',
        `there is no provider "${name}"${didYouMean(name, providerNames)}`,
        `there are ${providerNames.join(', ')}`,
        usageExit,
      ),
    ]
  }
  const found = await checkProvider(name, settingsForProvider(context, settings))
  return [
    found.usable
      ? ok('provider', `${name}: ${found.detail}`)
      : fail('provider', found.detail, 'or choose another: --provider, `config set provider`', problems.unavailable.exit),
  ]
}
