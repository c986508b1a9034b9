/** Responsible for running the command line inside a test: what it is told, what it writes, how it ends. It knows no command. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import type { Prompter } from '../../../../worker-sdk/src/cli/prompter.ts'
import { runCli } from '../../../../worker-sdk/src/cli/run-cli.ts'
import type { Sink, System } from '../../../../worker-sdk/src/cli/system.ts'
import { systemClock } from '../../../../worker-sdk/src/client/clock.ts'

export interface Told {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface StageOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
  /** Standard output and error are a terminal, and somebody sits at it. */
  readonly terminal?: boolean
  /** Answers to questions, in order. */
  readonly answers?: readonly string[]
  readonly change?: Partial<System>
}

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'modelreins-cli-'))
  folders.push(folder)
  return folder
}

function sink(isTerminal: boolean): Sink & { readonly text: () => string } {
  let text = ''
  return {
    isTerminal,
    columns: 80,
    write: (piece) => {
      text += typeof piece === 'string' ? piece : new TextDecoder().decode(piece)
    },
    drained: () => Promise.resolve(),
    text: () => text,
  }
}

export class Stage {
  readonly folder = newFolder()
  readonly configFile = join(this.folder, 'modelreins', 'config.json')
  /** Questions that were asked. */
  readonly asked: string[] = []
  /** Programs that were run. */
  readonly ran: string[][] = []

  /** Words as a shell would pass them. */
  async run(words: readonly string[], options: StageOptions = {}): Promise<Told> {
    const stdout = sink(options.terminal === true)
    const stderr = sink(options.terminal === true)
    const answers = [...(options.answers ?? [])]
    const answer = (question: string): Promise<string> => {
      this.asked.push(question)
      const next = answers.shift()
      return next === undefined ? Promise.reject(new Error(`nobody answers "${question}"`)) : Promise.resolve(next)
    }
    const prompter: Prompter = {
      line: async (question, preset = '') => (await answer(question)) || preset,
      secret: answer,
      yes: async (question, preset) => {
        const word = await answer(question)
        return word === '' ? preset : word === 'y'
      },
      close: () => undefined,
    }
    const code = await runCli({
      argv: words,
      env: { MODELREINS_CONFIG: this.configFile, PATH: '/usr/bin:/bin', ...options.env },
      platform: 'linux',
      home: this.folder,
      stdout,
      stderr,
      stdinIsTerminal: options.terminal === true,
      readStdin: () => Promise.resolve(options.stdin ?? ''),
      openPrompter: () => prompter,
      onSignal: () => () => undefined,
      fetch: (input, init) => globalThis.fetch(input, init),
      clock: systemClock,
      program: ['/opt/node/bin/node', '/opt/lib/modelreins-worker/dist/cli.js'],
      runProgram: (file, args) => {
        this.ran.push([file, ...args])
        return Promise.resolve({ code: 0, output: '' })
      },
      userId: 501,
      ...options.change,
    })
    return { code, out: stdout.text(), err: stderr.text() }
  }
}
