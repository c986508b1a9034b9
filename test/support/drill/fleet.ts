/** Responsible for a fleet of real workers in separate processes, for drills. It does not know the killswitch. */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { familyCommand, familyEnvironment } from './family.ts'
import type { Orders, Word } from './worker-process.ts'

const program = fileURLToPath(new URL('./worker-process.ts', import.meta.url))

export interface FleetRequest {
  readonly url: string
  readonly workers: Orders['workers']
  /** Number of processes that the workers are spread over. */
  readonly processes: number
  /** Folder in which the children write their process ids. */
  readonly folder: string
}

export interface Fleet {
  readonly pids: readonly number[]
  /** Messages of the workers so far. */
  readonly words: readonly Word[]
  /** Resolves when every process has ended, with their exit codes. */
  readonly ended: Promise<readonly (number | null)[]>
  /** Ends the remaining processes of the fleet. */
  readonly end: () => Promise<void>
}

function startProcess(request: FleetRequest, index: number, hear: (word: Word) => void): ChildProcess {
  const workers = request.workers.filter((_, worker) => worker % request.processes === index)
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...familyEnvironment(request.folder) },
  })
  child.on('message', (word: Word) => hear(word))
  child.send({ url: request.url, command: familyCommand, workers } satisfies Orders)
  return child
}

const endOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    child.once('exit', (code) => resolve(code))
  })

/** Resolves when every worker is ready for work. */
export async function startFleet(request: FleetRequest): Promise<Fleet> {
  const words: Word[] = []
  let allReady: () => void = () => undefined
  const ready = new Promise<void>((resolve) => {
    allReady = resolve
  })
  const hear = (word: Word): void => {
    words.push(word)
    if (words.filter((one) => one.word === 'ready').length === request.workers.length) allReady()
  }
  const children = Array.from({ length: request.processes }, (_, index) => startProcess(request, index, hear))
  const ended = Promise.all(children.map(endOf))
  const early = ended.then(() => {
    throw new Error(`a process of the fleet ended before its workers were ready: ${JSON.stringify(words)}`)
  })
  await Promise.race([ready, early])
  early.catch(() => undefined)
  return {
    pids: children.flatMap(({ pid }) => pid ?? []),
    words,
    ended,
    end: async () => {
      for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}
