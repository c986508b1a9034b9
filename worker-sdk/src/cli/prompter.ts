/** Responsible for prompts on a terminal: a line, a secret, a choice, yes or no. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { withoutUnseen } from '@modelreins/contract'

export interface Prompter {
  /** The answer, or the default when it is empty. */
  line(question: string, preset?: string): Promise<string>
  /** The input is not displayed. */
  secret(question: string): Promise<string>
  yes(question: string, preset: boolean): Promise<boolean>
  close(): void
}

/** Thrown for Ctrl-C or Ctrl-D at a question. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled'
  readonly exitCode = 130
  constructor() {
    super('Cancelled; nothing more was done')
  }
}

export function openPrompter(input: NodeJS.ReadStream = process.stdin, output: NodeJS.WriteStream = process.stderr): Prompter {
  let muted = false
  let asking = false
  const mouth = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) output.write(chunk)
      done()
    },
  })
  const terminal = createInterface({ input, output: mouth, terminal: true, historySize: 0 })
  const gone = new Promise<never>((_resolve, reject) => {
    terminal.once('close', () => {
      if (asking) output.write('\n')
      reject(new Cancelled())
    })
    terminal.on('SIGINT', () => terminal.close())
  })
  gone.catch(() => undefined)
  const ask = async (question: string): Promise<string> => {
    asking = true
    const answer = await Promise.race([terminal.question(withoutUnseen(question)), gone])
    asking = false
    return answer.trim()
  }
  return {
    line: async (question, preset = '') => {
      const answer = await ask(`${question}${preset === '' ? '' : ` [${preset}]`}: `)
      return answer === '' ? preset : answer
    },
    secret: async (question) => {
      output.write(`${withoutUnseen(question)} (not shown): `)
      muted = true
      try {
        return await ask('')
      } finally {
        muted = false
        output.write('\n')
      }
    },
    yes: async (question, preset) => {
      for (;;) {
        const answer = (await ask(`${question} [${preset ? 'Y/n' : 'y/N'}]: `)).toLowerCase()
        if (answer === '') return preset
        if (answer === 'y' || answer === 'yes') return true
        if (answer === 'n' || answer === 'no') return false
      }
    },
    close: () => terminal.close(),
  }
}
