/** Responsible for `npm start`: the order of its steps from start to stop. The steps themselves are in other modules. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { shownLines, type Job } from '@modelreins/contract'
import { Client } from '../../worker-sdk/src/client/index.ts'
import { createProvider, isProviderName, providerNames } from '../../worker-sdk/src/providers/index.ts'
import { helpText, parseArguments, type StartOptions } from './arguments.ts'
import { damagedFiles } from './damaged-files.ts'
import { demoPrompt } from './demo-prompt.ts'
import { runJob } from './demo-job.ts'
import { ensureOwner, ensureWorker, freshAt, type Owner } from './first-run.ts'
import * as say from './presentation.ts'
import { chooseProvider, type Probe, type ProviderChoice } from './provider-choice.ts'
import { startServer, type Server } from './server.ts'
import { StartFailure } from './start-failure.ts'
import { StateFolder } from './state-folder.ts'
import { startWorker, type WorkerProcess } from './worker-process.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** npm runs scripts in the project's folder; this is the folder in which the person typed the command. */
const typedIn = process.env['INIT_CWD'] ?? process.cwd()
const defaultState = join(root, '.modelreins')

const probe: Probe = {
  env: process.env,
  json: async (url) => {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(400), redirect: 'error' })
      return response.ok ? await response.json() : undefined
    } catch {
      return undefined
    }
  },
  check: async (name, { model, endpoint, command }) => {
    if (!isProviderName(name)) return { usable: false, detail: `this SDK has ${providerNames.join(', ')}` }
    return createProvider(name).check({
      env: process.env,
      ...(model === undefined ? {} : { model }),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(command === undefined ? {} : { command }),
    })
  },
}

class Session {
  readonly #options: StartOptions
  readonly #abort = new AbortController()
  #server: Server | undefined
  #worker: WorkerProcess | undefined

  constructor(options: StartOptions) {
    this.#options = options
  }

  /** Returns the exit code. */
  async run(): Promise<number> {
    const { host, port, stateFolder } = this.#options
    const folder = StateFolder.open(stateFolder)
    const hadData = folder.hasData()
    const first = folder.secrets().owner === undefined || !hadData ? await this.#firstOwner(folder, hadData) : undefined
    this.#server = await startServer({ root, host, port, stateFolder }, this.#abort.signal)
    const { url } = this.#server
    const found = await this.#explained(folder, ensureOwner(url, folder, hadData || first !== undefined))
    const owner = first === undefined || found.fresh !== undefined ? found : { ...found, fresh: freshAt(url, first) }
    folder.saveConnection({ url, tenant: owner.tenant, owner_key: owner.key })
    const authorization = folder.saveAuthorization(owner.key)
    this.#introduce(url, owner, folder)
    const failed = this.#options.worker ? await this.#work(url, owner, folder) : false
    if (this.#options.once) return failed ? 1 : 0
    // The job is only an example to show, so a runtime that is just restarting must not end the start.
    const jobs = await new Client({ url, token: owner.key }).jobs.list({ limit: 1 }).catch(() => ({ items: [] }))
    this.#abort.signal.throwIfAborted()
    print(
      '',
      say.nextSteps(url, say.shortPath(authorization, typedIn), jobs.items[0]?.id),
      say.addWorker(folder.path === defaultState ? undefined : say.shortPath(folder.path, typedIn)),
      '',
      say.stopHint,
    )
    return this.#stay(folder)
  }

  /** Creates the tenant and its owner at an internal address: when the public address first answers, connection.json is already written. */
  async #firstOwner(folder: StateFolder, hadData: boolean): Promise<Owner> {
    const { stateFolder } = this.#options
    this.#server = await startServer({ root, host: '127.0.0.1', port: 0, stateFolder }, this.#abort.signal)
    const owner = await this.#explained(folder, ensureOwner(this.#server.url, folder, hadData))
    await this.#server.stop()
    this.#server = undefined
    this.#abort.signal.throwIfAborted()
    folder.saveAuthorization(owner.key)
    return owner
  }

  /** If the server starts but cannot answer, its data may be damaged: then the error names the damaged files. */
  async #explained(folder: StateFolder, owner: Promise<Owner>): Promise<Owner> {
    try {
      return await owner
    } catch (error) {
      throw error instanceof StartFailure ? error : (damagedFiles(folder) ?? error)
    }
  }

  /** Stops the worker first and the server last, so that the worker can return its jobs. Parts that are still starting see the abort signal. */
  async stop(): Promise<void> {
    this.#abort.abort(new StartFailure('stopped'))
    await this.#worker?.stop()
    await this.#server?.stop()
  }

  get stopping(): boolean {
    return this.#abort.signal.aborted
  }

  #introduce(url: string, owner: Owner, folder: StateFolder): void {
    const connection = say.shortPath(folder.file('connection.json'), typedIn)
    print('', say.controlPlane({ url, host: this.#options.host, tenant: owner.tenant, state: say.shortPath(folder.path, typedIn) }))
    print(owner.fresh === undefined ? say.keptKey(connection, url) : say.ownerKey(owner.key, owner.fresh.viewUrl, connection))
  }

  /** Starts this machine's worker, and gives it a job when none exists yet or one was requested. True when that job failed. */
  async #work(url: string, owner: Owner, folder: StateFolder): Promise<boolean> {
    const choice = await chooseProvider(this.#options.provider, probe)
    // One worker per provider, so that its declaration stays true when the machine gets another provider.
    const request = { name: `local-${choice.provider}`, description: `Runs ${choice.because}`, capability: choice.capability }
    const worker = await ensureWorker(url, owner.key, request, folder)
    const { because: _because, capability: _capability, ...settings } = choice
    this.#abort.signal.throwIfAborted()
    this.#worker = await startWorker({ url, token: worker.token, name: worker.name, workDir: root, ...settings }, this.#abort.signal)
    print(say.worker(worker.name, choice), '')
    const client = new Client({ url, token: owner.key })
    const earlier = await client.jobs.list({ limit: 5 })
    if (earlier.items.length > 0) print(say.earlierJobs(earlier.items), '')
    if (earlier.items.length > 0 && !this.#options.once) return false
    return this.#showJob(client, choice)
  }

  async #showJob(client: Client, choice: ProviderChoice): Promise<boolean> {
    const margin = say.outputMargin((text) => process.stdout.write(text))
    const request = { ...demoPrompt(this.#options.prompt, choice, root), when_offline: 'queue' as const }
    const watcher = { dispatched: (job: Job) => print(say.dispatched(job)), event: margin.event }
    const run = await this.#unlessSomethingEnds(runJob(client, request, watcher, this.#abort.signal))
    print('', say.outcome(run.job, run.tookMs), '', say.auditRows(run.rows))
    return run.job.status !== 'done'
  }

  /** Waits for `work`, but only while the processes it needs are alive: a job whose worker is gone would never end. */
  #unlessSomethingEnds<Value>(work: Promise<Value>): Promise<Value> {
    const gone = async (process: Server | WorkerProcess | undefined, sentence: string): Promise<never> => {
      await process?.ended
      throw new StartFailure(sentence)
    }
    return Promise.race([
      work,
      gone(this.#worker, 'The local worker ended before the job did. The job stays queued; the next npm start runs it.'),
      gone(this.#server, 'The server ended before the job did; see server.log in the state folder. Run npm start again to continue.'),
    ])
  }

  async #stay(folder: StateFolder): Promise<number> {
    void this.#worker?.ended.then(({ wanted, killswitch }) => {
      if (wanted) return
      print(
        '',
        killswitch
          ? 'The killswitch stopped the local worker; run npm start again once a member has cleared it.'
          : 'The local worker ended; the control plane stays up. Run npm start again to restart it.',
      )
    })
    const ended = await this.#server?.ended
    if (ended?.wanted === false)
      throw new StartFailure(`The server stopped unexpectedly; see ${folder.file('server.log')}. Run npm start again to continue.`)
    return 0
  }
}

function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

const oneKeypressMs = 500

async function main(words: readonly string[]): Promise<number> {
  const parsed = parseArguments(words, { defaultState, folder: typedIn, providers: providerNames })
  if (parsed.kind === 'help') {
    print(helpText())
    return 0
  }
  if (parsed.kind === 'wrong') {
    console.error(parsed.sentence)
    return 64
  }
  const session = new Session(parsed.options)
  let asked = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // One Ctrl-C may arrive several times: from the terminal, from npm, from the launcher.
      const again = performance.now() - asked > oneKeypressMs
      asked = performance.now()
      if (session.stopping && !again) return
      // A second request to stop: the children notice that this process is gone and stop by themselves.
      if (session.stopping) process.exit(130)
      if (signal !== 'SIGHUP') print('', 'Stopping...')
      void session.stop()
    })
  }
  // The program that started this one through a channel is gone and can no longer stop it.
  process.on('disconnect', () => void session.stop())
  try {
    return await session.run()
  } catch (error) {
    if (session.stopping) return parsed.options.once ? 130 : 0
    if (!(error instanceof StartFailure)) throw error
    console.error(shownLines(error.message))
    return 1
  } finally {
    await session.stop()
  }
}

void main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error)
    process.exit(70)
  },
)
