/** Responsible for running one bench in its own process: `bench/one.ts NAME SCALE`. It sends the answer to its parent process. */
import { benches, isBench } from './benches.ts'
import type { Answer } from './measure.ts'

export type Outcome = { readonly answer: Answer } | { readonly error: string }

const tell = (outcome: Outcome): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined) {
      console.log(JSON.stringify(outcome))
      resolve()
    } else process.send(outcome, () => resolve())
  })

async function main(name: string, scale: string): Promise<void> {
  if (!isBench(name)) throw new Error(`There is no bench called '${name}'`)
  const { bench } = await benches[name]()
  await tell({ answer: await bench.run(scale === 'quick' ? 'quick' : 'full') })
}

// The parent is gone: ends this process's group, and with it everything that it started.
process.once('disconnect', () => {
  if (process.platform !== 'win32') process.kill(-process.pid, 'SIGTERM')
  process.exit(1)
})
void main(process.argv[2] ?? '', process.argv[3] ?? '')
  .catch((error: unknown) => tell({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }))
  .then(() => process.exit(0))
