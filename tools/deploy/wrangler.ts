/** Responsible for running wrangler as a child process and returning its output. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Prints the output while it arrives, so that a person sees the progress of a long step. */
  readonly show?: boolean
  /** The person answers questions (sign-in in a browser). */
  readonly interactive?: boolean
  readonly env?: Readonly<Record<string, string>>
}

export type Wrangler = (words: readonly string[], options?: RunOptions) => Promise<Said>

/** The installed wrangler, run with this process's Node. Prompts are disabled unless `interactive` is set. */
export const installedWrangler =
  (root: string): Wrangler =>
  (words, options = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(root, 'node_modules/wrangler/bin/wrangler.js'), ...words], {
        cwd: root,
        stdio: options.interactive === true ? 'inherit' : ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          WRANGLER_SEND_METRICS: 'false',
          ...(options.interactive === true ? {} : { CI: 'true', NO_COLOR: '1' }),
          ...options.env,
        },
      })
      const said = { stdout: '', stderr: '' }
      for (const stream of ['stdout', 'stderr'] as const) {
        child[stream]?.setEncoding('utf8').on('data', (piece: string) => {
          said[stream] += piece
          if (options.show === true) process.stderr.write(piece)
        })
      }
      child.once('error', reject)
      child.once('close', (code) => resolve({ code: code ?? 1, ...said }))
    })
