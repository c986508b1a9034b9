/** Says which calls share a commit: those that came while another was being committed, in their order, and none that came alone. */
import { expect, test } from 'vitest'
import { afterStoring, SharedCommit } from '../../../../../durable-objects/tenant/kernel/shared-commit.ts'

/** What is to run afterwards runs when the test says so. */
function scene() {
  const soon: (() => void)[] = []
  const crowds: boolean[] = []
  const commits = new SharedCommit((run, crowd) => {
    soon.push(run)
    crowds.push(crowd)
  })
  const done: string[] = []
  return {
    done,
    crowds,
    call: async (name: string): Promise<void> => {
      const turn = commits.turn()
      if (turn !== undefined) await turn
      done.push(name)
    },
    pass: async (): Promise<number> => {
      const due = soon.splice(0)
      for (const run of due) run()
      await Promise.resolve()
      await Promise.resolve()
      return due.length
    },
  }
}

test('a call alone goes on at once, and so does the next one after its commit', async () => {
  const { call, done, pass } = scene()
  void call('first')
  expect(done).toEqual(['first'])
  expect(await pass()).toBe(1)
  void call('second')
  expect(done).toEqual(['first', 'second'])
  expect(await pass()).toBe(1)
  // Nothing keeps the object awake once nobody calls.
  expect(await pass()).toBe(0)
})

test('calls that come meanwhile go on together, in their order, and those that come then wait for the next commit', async () => {
  const { call, done, pass } = scene()
  for (const name of ['first', 'second', 'third']) void call(name)
  expect(done).toEqual(['first'])
  await pass()
  expect(done).toEqual(['first', 'second', 'third'])
  for (const name of ['fourth', 'fifth']) void call(name)
  expect(done).toHaveLength(3)
  await pass()
  expect(done).toEqual(['first', 'second', 'third', 'fourth', 'fifth'])
  await pass()
  void call('sixth')
  expect(done.at(-1)).toBe('sixth')
})

test('more of a crowd are waited for, and of a few callers nobody is', async () => {
  const { call, crowds, pass } = scene()
  for (const name of ['1', '2', '3']) void call(name)
  await pass()
  expect(crowds).toEqual([false, false])
  for (const name of ['4', '5', '6']) void call(name)
  await pass()
  await pass()
  expect(crowds).toEqual([false, false, true])
  void call('7')
  expect(crowds).toEqual([false, false, true, false])
})

test.each([
  ['the storage, when that is quick', true, 'stored'],
  ['a millisecond, when the storage takes longer', true, 'timer'],
  ['a millisecond, for a crowd', false, 'timer'],
] as const)('what comes afterwards waits for %s, and comes once', async (_, asksStorage, first) => {
  const told: string[] = []
  let stored = (): void => undefined
  let timer = (): void => undefined
  const storage = {
    sync: () => {
      told.push('asked')
      return new Promise<void>((resolve) => (stored = resolve))
    },
  }
  const setTimer = (run: () => void, ms: number) => {
    expect(ms).toBe(1)
    timer = run
    return () => void told.push('stopped')
  }
  afterStoring(storage, setTimer)(() => void told.push('ran'), !asksStorage)
  const come = { stored: () => stored(), timer: () => timer() }
  come[first]()
  await Promise.resolve()
  expect(told).toEqual([...(asksStorage ? ['asked'] : []), 'stopped', 'ran'])
  stored()
  timer()
  await Promise.resolve()
  expect(told.filter((one) => one === 'ran')).toHaveLength(1)
})
