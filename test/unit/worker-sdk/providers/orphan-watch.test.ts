/** Says what becomes of children when the process that started them is killed without a word. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { isRunning } from '../../../support/standins/running.ts'

const childModule = fileURLToPath(new URL('../../../../worker-sdk/src/providers/child.ts', import.meta.url))

/** A process that runs these shell lines one beside the other, each of which prints a process id, and dies by SIGKILL when all have. */
async function killedWith(lines: readonly string[], done: readonly string[] = []): Promise<number[]> {
  const script = `
    import { runChild } from ${JSON.stringify(childModule)}
    const run = (line) => runChild({
      launch: { file: '/bin/sh', args: ['-c', line], verbatim: false },
      env: { PATH: process.env.PATH },
      signal: new AbortController().signal,
      onStdout: (text) => process.stdout.write(text),
    })
    for (const line of ${JSON.stringify(done)}) await run(line)
    for (const line of ${JSON.stringify(lines)}) run(line)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  for await (const piece of parent.stdout) {
    printed += String(piece)
    if (printed.trim().split('\n').length === lines.length + done.length) parent.kill('SIGKILL')
  }
  return printed.trim().split('\n').map(Number)
}

async function gone(pid: number): Promise<void> {
  for (let look = 0; isRunning(pid); look += 1) {
    if (look > 200) throw new Error(`${pid} still runs`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe.skipIf(process.platform === 'win32')('when the worker is killed', () => {
  it('ends every group it has started, also one that ignores TERM', { timeout: 20_000 }, async () => {
    const pids = await killedWith([
      'echo $$; exec sleep 60',
      `trap '' TERM; echo $$; while :; do sleep 1; done`,
      'sleep 60 & echo $!; wait',
    ])
    expect(pids).toHaveLength(3)
    await Promise.all(pids.map(gone))
  })

  it('knows which groups have ended before', { timeout: 20_000 }, async () => {
    const pids = await killedWith(['echo $$; exec sleep 60'], ['echo $$', 'echo $$'])
    await Promise.all(pids.map(gone))
  })
})
