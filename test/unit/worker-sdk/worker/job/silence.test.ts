import { expect, it } from 'vitest'
import { Silence } from '../../../../../worker-sdk/src/worker/job/silence.ts'
import { ManualClock } from '../../support/manual-clock.ts'

it('stands still while a human is asked, and starts anew with the answer', async () => {
  const clock = new ManualClock()
  let stuck = 0
  const silence = new Silence(clock, { first: 5_000, next: 5_000 }, () => (stuck += 1))
  silence.heard()
  let answer: (text: string) => void = () => undefined
  const asked = silence.whileAsking(() => new Promise<string>((resolve) => (answer = resolve)))
  await clock.advance(60_000)
  expect(stuck).toBe(0)
  answer('go on')
  expect(await asked).toBe('go on')
  await clock.advance(4_999)
  expect(stuck).toBe(0)
  await clock.advance(1)
  expect(stuck).toBe(1)
})

it('never fires without a limit, nor after the end', async () => {
  const clock = new ManualClock()
  let stuck = 0
  const none = new Silence(clock, null, () => (stuck += 1))
  none.heard()
  const ended = new Silence(clock, { first: 1_000, next: 1_000 }, () => (stuck += 1))
  ended.heard()
  ended.end()
  ended.heard()
  await clock.advance(10_000)
  expect(stuck).toBe(0)
})

it('gives the first word more time than the next ones, and says which time has passed', async () => {
  const clock = new ManualClock()
  const stuck: number[] = []
  const silence = new Silence(clock, { first: 10_000, next: 2_000 }, (ms) => stuck.push(ms))
  silence.begin()
  await clock.advance(9_999)
  silence.heard()
  await clock.advance(1_999)
  silence.heard()
  await clock.advance(1_999)
  expect(stuck).toEqual([])
  await clock.advance(1)
  expect(stuck).toEqual([2_000])
  new Silence(clock, { first: 10_000, next: 2_000 }, (ms) => stuck.push(ms)).begin()
  await clock.advance(10_000)
  expect(stuck).toEqual([2_000, 10_000])
})
