/** Responsible for `--setup`: asks for server, token, name and provider, checks them, and writes them to the config file. */
import { hostname } from 'node:os'
import type { Output } from '@modelreins/contract'
import { Client } from '../../client/client.ts'
import { isProviderName, providerNames, type ProviderName } from '../../providers/index.ts'
import { findSetting, type SettingName } from '../../worker/settings/options.ts'
import type { Prompter } from '../prompter.ts'
import { programName } from '../arguments/command.ts'
import { changeConfig, type ConfigChange } from '../setup/config-file.ts'
import { adminKey, changeOf, checkedValue, keyNamed, masked, serverAddress } from '../setup/config-keys.ts'
import { isProblem, type CommandContext } from '../context.ts'
import { failureReport } from '../output/failure.ts'
import { didYouMean } from '../../nearest.ts'
import { loginPath } from '../setup/login-path.ts'
import { checkProvider, searchProviders, type FoundProvider } from '../setup/provider-search.ts'
import { oneLine } from '../output/safe-text.ts'
import { clip } from '../output/style.ts'
import { looksLikeView, takeToken } from '../setup/redeem-token.ts'
import { UsageError } from '../arguments/usage-error.ts'
import { flagOptions, resolvedSettings, settingsForProvider } from '../setup/worker-settings.ts'

type Identity = Output<'members.whoami'>

class Setup {
  readonly #context: CommandContext
  /** Undefined: there is no terminal for questions. */
  readonly #prompter: Prompter | undefined
  readonly #change: Record<string, ConfigChange[string]> = {}

  constructor(context: CommandContext, prompter: Prompter | undefined) {
    this.#context = context
    this.#prompter = prompter
  }

  async run(): Promise<number> {
    const pasted: string[] = []
    const server = await this.#server(pasted)
    const { token, identity } = await this.#token(server, pasted[0])
    const name = await this.#name(server, token, identity)
    await this.#provider()
    this.#keep(keyNamed('server').name, server)
    this.#write()
    this.#farewell(name)
    return 0
  }

  #keep(name: string, value: ConfigChange[string]): void {
    Object.assign(this.#change, changeOf(name === adminKey.name ? adminKey : keyNamed(name), value))
  }

  #write(): void {
    changeConfig(this.#context.configPath, this.#change)
  }

  /** The value from flags, environment or config file. */
  #known(name: SettingName): string | undefined {
    const { value } = findSetting(name, flagOptions(this.#context.invocation), this.#context.env, this.#context.config())
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
  }

  #flag(name: SettingName): string | undefined {
    const value = flagOptions(this.#context.invocation)[name]
    return typeof value === 'string' ? value : undefined
  }

  #say(text: string): void {
    this.#context.show.warn(text)
  }

  get #style() {
    return this.#context.show.errorStyle
  }

  /** `pasted` receives a view URL that the user entered as the address, because it contains the address and the token. */
  async #server(pasted: string[]): Promise<string> {
    const view = this.#flag('token')
    const given =
      this.#flag('url') ??
      (this.#prompter === undefined ? this.#known('url') : undefined) ??
      (view !== undefined && looksLikeView(view) ? new URL(view).origin : undefined)
    if (given !== undefined) {
      await this.#reach(serverAddress(given))
      return serverAddress(given)
    }
    for (;;) {
      const answer = (await this.#prompter?.line('Address of the server', this.#known('url') ?? '')) ?? ''
      if (answer === '') continue
      try {
        const isView = answer.includes('/view/')
        const server = isView ? new URL(answer).origin : serverAddress(answer)
        await this.#reach(server)
        if (isView) pasted.push(answer)
        return server
      } catch (error) {
        this.#complain(error)
      }
    }
  }

  async #reach(server: string): Promise<void> {
    const health = await this.#client(server).service.health({}, { retry: false, timeoutMs: 10_000 })
    this.#say(`  ${this.#style.green('ok')} ${server} answers: ${oneLine(health.status)}, version ${oneLine(health.version)}`)
  }

  #client(server: string, token?: string): Client {
    return new Client({
      url: server,
      fetch: this.#context.fetch,
      clock: this.#context.system.clock,
      ...(token === undefined ? {} : { token }),
    })
  }

  #complain(error: unknown): void {
    const { message, help } = failureReport(error)
    this.#say(`  ${this.#style.red(message)}${help === undefined ? '' : `\n  ${help}`}`)
  }

  async #token(server: string, pasted: string | undefined): Promise<{ readonly token: string; readonly identity: Identity }> {
    const given = this.#flag('token') ?? pasted ?? (this.#prompter === undefined ? this.#known('token') : undefined)
    const known = this.#known('token')
    let text = given
    for (;;) {
      if (text === undefined) {
        const keep = known === undefined || looksLikeView(known) ? '' : `, empty: keep ${masked(known)}`
        text = (await this.#prompter?.secret(`Worker token, or its one-time view URL${keep}`)) || (keep === '' ? '' : known)
      }
      try {
        if (text === undefined || text === '')
          throw new UsageError('A worker needs a token: register it with `workers register` and a member key')
        return await this.#tryToken(server, text)
      } catch (error) {
        if (this.#prompter === undefined || (text !== undefined && text === this.#flag('token'))) throw error
        this.#complain(error)
        text = undefined
      }
    }
  }

  async #tryToken(server: string, text: string): Promise<{ readonly token: string; readonly identity: Identity }> {
    const taken = await takeToken(text, { fetch: this.#context.fetch, server })
    if (taken.origin !== undefined) {
      // The view cannot be opened again, so the token is stored before anything else can fail.
      this.#keep('server', server)
      this.#keep(taken.kind === 'member' ? adminKey.name : 'token', taken.token)
      this.#write()
    }
    const identity = await this.#client(server, taken.token).members.whoami()
    this.#say(`  ${this.#style.green('ok')} ${identity.kind} ${oneLine(identity.name)} of tenant ${identity.tenant}`)
    this.#keep(identity.kind === 'member' ? adminKey.name : 'token', taken.token)
    return { token: taken.token, identity }
  }

  async #name(server: string, token: string, identity: Identity): Promise<string> {
    const given =
      this.#flag('name') ??
      (this.#prompter === undefined ? (this.#known('name') ?? (identity.kind === 'worker' ? identity.name : hostname())) : undefined)
    if (identity.kind === 'member') return this.#registered(server, token, given)
    const name = given ?? (await this.#prompter?.line('Name of this worker', identity.name)) ?? identity.name
    this.#keep('name', checkedValue(keyNamed('name'), name))
    return name
  }

  /** A member key can register the worker. The worker gets its own token, and the key is stored too, for dispatch, jobs and kill. */
  async #registered(server: string, key: string, given: string | undefined): Promise<string> {
    this.#say(`  This is a member's key. The worker gets a token of its own; the key is kept as ${adminKey.name}.`)
    const client = this.#client(server, key)
    let name = given
    for (;;) {
      name ??= (await this.#prompter?.line('Name of the worker to register', this.#known('name') ?? hostname())) ?? hostname()
      try {
        const registered = await client.workers.register({ name })
        const taken = await takeToken(registered.view_url, { fetch: this.#context.fetch, server })
        this.#keep('name', name)
        this.#keep('token', taken.token)
        this.#keep('server', server)
        this.#write()
        this.#say(`  ${this.#style.green('ok')} ${name} is registered`)
        return name
      } catch (error) {
        if (this.#prompter === undefined || given !== undefined || !isProblem(error, 'name-taken', 'invalid-request')) throw error
        this.#complain(error)
        name = undefined
      }
    }
  }

  async #provider(): Promise<void> {
    const given = this.#flag('type') ?? (this.#prompter === undefined ? this.#known('type') : undefined)
    const base = settingsForProvider(this.#context, resolvedSettings(this.#context))
    for (const name of ['model', 'endpoint', 'command'] as const) {
      const value = this.#flag(name)
      if (value !== undefined) this.#keep(keyNamed(name).name, value)
    }
    if (given !== undefined) {
      const name = String(checkedValue(keyNamed('provider'), given))
      this.#keep('provider', name)
      if (isProviderName(name)) this.#judge(await checkProvider(name, base))
      return
    }
    if (this.#prompter === undefined) return
    this.#say('Looking for providers on this machine ...')
    const found = await searchProviders(base, this.#known('type'), loginPath(this.#context.env, this.#context.system.platform))
    for (const [index, one] of found.entries()) {
      const line = `${String(index + 1).padStart(2)}  ${one.present ? 'found' : '     '}  ${one.name.padEnd(12)} ${oneLine(one.detail.replace(`${one.name}: `, ''))}`
      // Providers without a login are listed too, with how to log in. The line is clipped here and shown in full when the provider is chosen.
      this.#say(
        `  ${one.usable ? this.#style.green(line) : one.present ? this.#style.yellow(line) : this.#style.dim(clip(line, this.#context.system.stderr.columns - 3))}`,
      )
    }
    const chosen = await this.#choose(found)
    this.#keep('provider', chosen)
    const command = found.find((one) => one.name === chosen)?.command
    if (command !== undefined) this.#keep('command', command)
    await this.#particulars(chosen)
  }

  async #choose(found: readonly FoundProvider[]): Promise<ProviderName> {
    const before = this.#known('type')
    const preset = before !== undefined && isProviderName(before) ? before : (found[0]?.name ?? 'claude')
    for (;;) {
      const answer = (await this.#prompter?.line('Provider, by name or number', preset)) ?? preset
      const name = /^\d+$/.test(answer) ? found[Number(answer) - 1]?.name : answer
      if (name === undefined || !isProviderName(name)) {
        this.#say(`  There is no provider "${answer}"${didYouMean(answer, providerNames)}`)
        continue
      }
      const one = found.find((candidate) => candidate.name === name)
      // A provider that only needs another setting is accepted, because the next question asks for that setting.
      if (one?.usable === true || needs[name] !== undefined) return name
      this.#say(`  ${oneLine(one?.detail ?? '')}`)
      if (await this.#prompter?.yes('Use it anyway?', false)) return name
    }
  }

  async #particulars(provider: ProviderName): Promise<void> {
    const need = needs[provider]
    if (need === undefined || this.#prompter === undefined) return
    const value = await this.#prompter.line(need.question, this.#known(need.setting) ?? '')
    if (value !== '') this.#keep(keyNamed(need.setting).name, value)
    const resolved = resolvedSettings(this.#context, { type: provider, ...(value === '' ? {} : { [need.setting]: value }) })
    this.#judge(await checkProvider(provider, settingsForProvider(this.#context, resolved)))
  }

  #judge(found: FoundProvider): void {
    this.#say(
      found.usable
        ? `  ${this.#style.green('ok')} ${oneLine(found.detail)}`
        : `  ${this.#style.yellow('not yet')} ${oneLine(found.detail)}`,
    )
  }

  #farewell(name: string): void {
    this.#say('')
    this.#say(`Written to ${this.#context.configPath}`)
    this.#say(`  ${programName}                   run ${name} in this terminal`)
    this.#say(`  ${programName} service install   install it as a background service`)
    this.#say(`  ${programName} doctor            check the setup again`)
  }
}

/** A setting that these providers require. */
const needs: Partial<Record<ProviderName, { readonly setting: 'command' | 'endpoint'; readonly question: string }>> = {
  acp: { setting: 'command', question: 'Agent with its arguments, such as gemini --acp' },
  spawn: { setting: 'command', question: 'Shell line to run for each job, with the prompt on its standard input' },
  http: { setting: 'endpoint', question: 'Address of the OpenAI-compatible server' },
  nocturne: { setting: 'endpoint', question: 'Address of the Nocturne server' },
}

export async function setup(context: CommandContext): Promise<number> {
  const interactive = context.system.stdinIsTerminal && context.system.stderr.isTerminal
  if (!interactive) {
    const flags = flagOptions(context.invocation)
    const missing = (['url', 'token'] as const).filter(
      (name) => findSetting(name, flags, context.env, context.config()).origin === 'default',
    )
    const fromView = typeof flags.token === 'string' && looksLikeView(flags.token)
    const lacking = missing.filter((name) => !(name === 'url' && fromView)).map((name) => (name === 'url' ? '--server' : '--token'))
    if (lacking.length > 0) {
      throw new UsageError(
        `--setup asks questions, and standard input is not a terminal; it lacks ${lacking.join(' and ')}`,
        'give these as flags or in the environment, or use `config set`',
      )
    }
  }
  const prompter = interactive ? context.system.openPrompter() : undefined
  try {
    return await new Setup(context, prompter).run()
  } finally {
    prompter?.close()
  }
}
