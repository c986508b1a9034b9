import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { bornAt, childrenNamed, endProcess } from '../../../../tools/start/process-identity.ts'

const started: ReturnType<typeof spawn>[] = []
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})
const sleeper = async (): Promise<{ pid: number; gone: Promise<unknown> }> => {
  const child = spawn('sleep', ['60'])
  started.push(child)
  await once(child, 'spawn')
  return { pid: child.pid ?? 0, gone: once(child, 'exit') }
}

describe.skipIf(process.platform === 'win32')('a process', () => {
  test('is known by when it was born', async () => {
    const { pid } = await sleeper()
    expect(bornAt(pid)).toBe(bornAt(pid))
    expect(bornAt(pid)).toBeDefined()
    expect(bornAt(2 ** 22 + 1)).toBeUndefined()
  })

  test('is found among the children by its program', async () => {
    const { pid } = await sleeper()
    expect(childrenNamed('sleep')).toContain(pid)
    expect(childrenNamed('no-such-program')).toEqual([])
  })

  test('is ended when it is the one that is meant', async () => {
    const { pid, gone } = await sleeper()
    const born = bornAt(pid) ?? ''
    expect(await endProcess(pid, born)).toBe(true)
    await gone
    expect(bornAt(pid)).toBeUndefined()
  })

  test('is left alone when its number now belongs to a later one', async () => {
    const { pid } = await sleeper()
    expect(await endProcess(pid, 'another birth')).toBe(false)
    expect(bornAt(pid)).toBeDefined()
  })
})
