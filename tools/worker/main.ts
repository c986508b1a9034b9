/** Responsible for `npm run worker`: starts one more worker on this machine for the server of `npm start`, until Ctrl-C. */
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { shown, shownLines } from '@modelreins/contract'
import { Worker } from '../../worker-sdk/src/index.ts'
import { ensureWorker } from '../start/first-run.ts'
import { fileReport } from '../start/provider-choice.ts'
import { StartFailure } from '../start/start-failure.ts'
import { StateFolder } from '../start/state-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const help = `npm run worker -- --name NAME [--command "SHELL LINE"] [--state DIR]

  --name     how the worker is called
  --command  what runs a job: the prompt comes on stdin, stdout is the result (default: examples/file-report)
  --state    the folder of the running server (default: .modelreins in the project)`

interface Wanted {
  readonly name: string
  readonly command: string | undefined
  readonly state: string
}

function read(words: readonly string[]): Wanted | undefined {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { name: { type: 'string' }, command: { type: 'string' }, state: { type: 'string' }, help: { type: 'boolean' } },
    })
    if (values.help === true) return undefined
    if (values.name === undefined || !/^[A-Za-z0-9](?:[A-Za-z0-9._@-]*[A-Za-z0-9])?$/.test(values.name)) {
      throw new StartFailure(`--name is needed: letters and digits, with . _ @ - inside\n\n${help}`)
    }
    const typedIn = process.env['INIT_CWD'] ?? process.cwd()
    return {
      name: values.name,
      command: values.command,
      state: values.state === undefined ? join(root, '.modelreins') : resolve(typedIn, values.state),
    }
  } catch (error) {
    if (error instanceof TypeError) throw new StartFailure(`${error.message}\n\n${help}`)
    throw error
  }
}

async function main(words: readonly string[]): Promise<number> {
  const wanted = read(words)
  if (wanted === undefined) {
    console.log(help)
    return 0
  }
  const folder = StateFolder.open(wanted.state)
  const connection = folder.connection()
  if (connection === undefined)
    throw new StartFailure(`No server has used ${wanted.state} yet: run npm start first, or name its folder with --state DIR.`)
  const program = fileReport()
  const command = wanted.command ?? program.command ?? ''
  const capability = wanted.command === undefined ? program.capability : 'command.run'
  const request = { name: wanted.name, description: 'Started by npm run worker', capability }
  const { name, token } = await ensureWorker(connection.url, connection.owner_key, request, folder)
  const worker = new Worker({ url: connection.url, token, name, type: 'spawn', command, workDir: root })
  worker.on('ready', () => console.log(`${name} is ready for jobs from ${connection.url}; Ctrl-C stops it.`))
  worker.on('job:start', ({ id }) => console.log(`job ${id} started`))
  worker.on('job:done', ({ id }) => console.log(`job ${id} done`))
  worker.on('job:error', ({ id, error }) => console.log(`job ${id} failed: ${shown(String(error))}`))
  worker.on('killswitch', ({ reason }) =>
    console.log(`stopped by the killswitch${reason === null || reason === undefined ? '' : `: ${shown(reason)}`}`),
  )
  worker.on('error', ({ type, error }) => console.error(`${type}: ${shown(String(error))}`))
  const stopped = new Promise<void>((resolvePromise) => {
    worker.on('stopped', () => resolvePromise())
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void worker.stop())
  await worker.start()
  await stopped
  return 0
}

void main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(shownLines(error instanceof Error ? error.message : String(error)))
    process.exit(1)
  },
)
