/** Says how much time a stubborn child gets, by why it is stopped. */
import { describe, expect, it } from 'vitest'
import { runChild } from '../../../../worker-sdk/src/providers/child-process/child.ts'
import { launchOf } from '../../../../worker-sdk/src/providers/child-process/program.ts'
import { AttemptStopped, type StopKind } from '../../../../worker-sdk/src/worker/job/executor.ts'
import { isRunning } from '../../../support/standins/running.ts'

const env = { PATH: process.env['PATH'] }
const stubborn = `process.on('SIGTERM', () => {}); console.log(process.pid); setInterval(() => {}, 1000)`
/** A child that ignores TERM, with a grandchild that does, too. */
const family = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' }); ${stubborn}`

/** Milliseconds from the stop until nothing of the family is left. */
async function timeToEnd(kind: StopKind): Promise<number> {
  const stopper = new AbortController()
  let printed = ''
  let began = 0
  await runChild({
    launch: launchOf(process.execPath, ['-e', family], env),
    env,
    signal: stopper.signal,
    onStdout: (text) => {
      printed += text
      if (printed.trim().split(/\s+/).length < 2) return
      began = performance.now()
      stopper.abort(new AttemptStopped(kind, kind))
    },
  })
  const took = performance.now() - began
  expect(printed.trim().split(/\s+/).map(Number).filter(isRunning)).toEqual([])
  return took
}

describe('a child that ignores TERM, and its grandchild', () => {
  it.each(['abort', 'killswitch'] as const)('are gone in under a second after %s', async (kind) => {
    expect(await timeToEnd(kind)).toBeLessThan(1_000)
  })

  it('get two seconds when the worker is merely stopped', async () => {
    const took = await timeToEnd('shutdown')
    expect(took).toBeGreaterThan(1_900)
  })
})
