/** Responsible for running the stand-in for a seeds' worker as a process, and for reporting that there is no Python to run it. */
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('standins/seed_worker.py', import.meta.url))

/** Undefined when it can run; otherwise the reason. */
export const withoutPython: string | undefined =
  spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0
    ? undefined
    : 'the worker of the seeds needs python3, 3.9 or newer, on PATH'

export interface SeedWorker {
  /** Everything printed. */
  readonly text: () => string
  /** Sends SIGKILL. */
  readonly kill: () => Promise<void>
}

/** `name`: the name that it gives the server; by default its host and process id. */
export function startSeedWorker(url: string, token: string, name?: string): SeedWorker {
  const child = spawn('python3', [script, ...(name === undefined ? [] : [name])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MODELREINS_URL: url, MODELREINS_TOKEN: token },
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve())
  })
  return {
    text: () => text,
    kill: () => {
      child.kill('SIGKILL')
      return ended
    },
  }
}
