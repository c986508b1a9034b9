import { describe, expect, it } from 'vitest'
import { killswitchLevels } from '@modelreins/contract'
import {
  briefOf,
  claimRefusal,
  clearKillswitch,
  dispatchRefusal,
  mayClaim,
  mayDispatch,
  stopsRunning,
  type Killswitch,
} from '../../../src/domain/killswitch.ts'

const at = (level: number, reason: string | null = null): Killswitch => ({
  level,
  reason,
  generation: 5,
  raised_by: 'ada',
  raised_at: 1_800_000_000_000,
})

/** docs/how-to/pull-the-reins.md, "Levels". */
const table = [
  { level: 0, name: 'clear', dispatch: true, claim: true, stops: false },
  { level: 1, name: 'hold', dispatch: false, claim: true, stops: false },
  { level: 2, name: 'drain', dispatch: false, claim: false, stops: false },
  { level: 3, name: 'stop', dispatch: false, claim: false, stops: true },
  { level: 4, name: 'halt', dispatch: false, claim: false, stops: true },
] as const

it('every level has a row here', () => {
  expect(table.map(({ name }) => name)).toEqual(killswitchLevels)
})

describe.each(table)('level $level, $name', ({ level, dispatch, claim, stops }) => {
  it('allows and forbids what it says', () => {
    expect({ dispatch: mayDispatch(level), claim: mayClaim(level), stops: stopsRunning(level) }).toEqual({ dispatch, claim, stops })
  })

  it('refuses with the level and the reason, or not at all', () => {
    expect(dispatchRefusal(at(level)) === undefined).toBe(dispatch)
    expect(claimRefusal(at(level)) === undefined).toBe(claim)
    if (!dispatch) {
      expect(dispatchRefusal(at(level, 'deletions'))).toMatchObject({
        ok: false,
        failure: { code: 'killswitch', detail: `The killswitch is at level ${level}: deletions.` },
      })
    }
    if (!claim) expect(claimRefusal(at(level))).toMatchObject({ failure: { detail: `The killswitch is at level ${level}.` } })
  })

  it('is active on the wire exactly when it stops what runs', () => {
    expect(briefOf(at(level, 'deletions'))).toEqual({ level, active: stops, reason: 'deletions', generation: 5 })
  })
})

it('each level forbids what the one below it does', () => {
  for (let level = 1; level < table.length; level += 1) {
    if (!mayDispatch(level - 1)) expect(mayDispatch(level)).toBe(false)
    if (!mayClaim(level - 1)) expect(mayClaim(level)).toBe(false)
    if (stopsRunning(level - 1)) expect(stopsRunning(level)).toBe(true)
  }
})

it('a killswitch that nobody has raised is clear, generation 0', () => {
  expect(briefOf(clearKillswitch)).toEqual({ level: 0, active: false, reason: null, generation: 0 })
})
