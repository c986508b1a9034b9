/** Says what becomes of children when the process that started them is killed without a word. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { isRunning } from '../../../../support/standins/running.ts'
import { until } from '../../../../support/until.ts'

const watchModule = fileURLToPath(new URL('../../../../../worker-sdk/src/providers/child-process/orphan-watch.ts', import.meta.url))
const childModule = fileURLToPath(new URL('../../../../../worker-sdk/src/providers/child-process/child.ts', import.meta.url))

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

const gone = (pid: number): Promise<true> =>
  until(
    () => !isRunning(pid) || undefined,
    15_000,
    () => `${pid} still runs`,
  )

/** As above, of processes in groups of their own that are watched, those named no longer when the end comes. */
async function killedAfter(count: number, released: readonly number[]): Promise<number[]> {
  const script = `
    import { spawn } from 'node:child_process'
    import { watchStart } from ${JSON.stringify(watchModule)}
    const children = Array.from({ length: ${count} }, () => spawn('/bin/sleep', ['60'], { detached: true, stdio: 'ignore' }))
    const release = children.map((child, index) => watchStart('mark-' + index).leads(child.pid))
    for (const index of ${JSON.stringify(released)}) release[index]()
    process.stdout.write(children.map((child) => child.pid).join('\\n') + '\\n')
    setInterval(() => undefined, 1_000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  for await (const piece of parent.stdout) {
    printed += String(piece)
    if (printed.trim().split('\n').length === count) parent.kill('SIGKILL')
  }
  return printed.trim().split('\n').map(Number)
}

/** Of two processes that were started and not told of, one whose start has failed as far as the watcher knows; their parent is killed at once. */
async function killedWhileStarting(): Promise<number[]> {
  const script = `
    import { spawn } from 'node:child_process'
    import { writeSync } from 'node:fs'
    import { randomUUID } from 'node:crypto'
    import { watchStart } from ${JSON.stringify(watchModule)}
    const start = (mark) => spawn('/bin/sleep', ['60'], { detached: true, stdio: 'ignore', env: { MODELREINS_CHILD_MARK: mark } }).pid
    const [mark, other] = [randomUUID(), randomUUID()]
    const watched = [watchStart(mark), watchStart(other)]
    watched[1].failed()
    writeSync(1, [start(mark), start(other)].join('\\n') + '\\n')
    process.kill(process.pid, 'SIGKILL')`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  for await (const piece of parent.stdout) printed += String(piece)
  return printed.trim().split('\n').map(Number)
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

  it('ends the groups that still run, when others have ended before', { timeout: 20_000 }, async () => {
    const pids = await killedWith(['echo $$; exec sleep 60'], ['echo $$', 'echo $$'])
    expect(pids).toHaveLength(3)
    await Promise.all(pids.map(gone))
  })

  it.runIf(process.platform === 'linux')(
    'in the moment in which a child starts, before it was told which group that leads: ends it by its mark, and nobody else',
    { timeout: 20_000 },
    async () => {
      const [marked = 0, other = 0] = await killedWhileStarting()
      try {
        await gone(marked)
        expect(isRunning(other)).toBe(true)
      } finally {
        process.kill(other, 'SIGKILL')
      }
    },
  )

  // The number of a group that has ended may be somebody else's by then.
  it.each([[[0]], [[1]], [[0, 1]], [[2, 0]], [[2, 1, 0]]])(
    'does not touch the groups %j of four, which have ended before',
    { timeout: 20_000 },
    async (released) => {
      const pids = await killedAfter(4, released)
      const spared = pids.filter((_, index) => released.includes(index))
      try {
        // Groups are ended in the order they came: when the last one is gone, the others have been dealt with.
        await Promise.all(pids.filter((_, index) => !released.includes(index)).map(gone))
        expect(spared.map(isRunning)).toEqual(spared.map(() => true))
      } finally {
        for (const pid of spared) process.kill(pid, 'SIGKILL')
      }
    },
  )
})
