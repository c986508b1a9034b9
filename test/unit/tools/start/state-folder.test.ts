import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { waitForFolder } from '../../../../tools/start/folder-lock.ts'
import { StartFailure } from '../../../../tools/start/start-failure.ts'
import { StateFolder } from '../../../../tools/start/state-folder.ts'

let base: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'modelreins-state-'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

const mode = (path: string): number => statSync(path).mode & 0o777

describe('a state folder', () => {
  test('is made when it is missing, for its owner alone', () => {
    const folder = StateFolder.open(join(base, 'a/b'))
    expect(mode(folder.path)).toBe(0o700)
    expect(mode(folder.file('data'))).toBe(0o700)
  })

  test('generates its secrets once', () => {
    const first = StateFolder.open(base).secrets()
    expect(first.signing).toMatch(/^a:[0-9a-f]{64}$/)
    expect(StateFolder.open(base).secrets()).toEqual(first)
    expect(StateFolder.open(join(base, 'other')).secrets().master).not.toBe(first.master)
  })

  test('keeps what holds a key from every other user', () => {
    const folder = StateFolder.open(base)
    folder.secrets()
    writeFileSync(folder.file('connection.json'), '{}', { mode: 0o644 })
    folder.saveConnection({ url: 'http://127.0.0.1:1', tenant: 'local', owner_key: 'mrk_x' })
    expect(mode(folder.file('secrets.json'))).toBe(0o600)
    expect(mode(folder.file('connection.json'))).toBe(0o600)
  })

  test('leaves nothing half-written behind', () => {
    const folder = StateFolder.open(base)
    folder.secrets()
    expect(readdirSync(base).toSorted()).toEqual(['data', 'secrets.json'])
  })

  test('that is a file, or damaged, is a sentence that says what to do', () => {
    writeFileSync(join(base, 'file'), '')
    expect(() => StateFolder.open(join(base, 'file'))).toThrow(/cannot be written \(\w+\): choose another one with --state DIR/)
    writeFileSync(join(base, 'secrets.json'), '{"sign')
    expect(() => StateFolder.open(base).secrets()).toThrow(/is damaged: restore it/)
  })

  test.skipIf(process.getuid?.() === 0)('that cannot be written is a sentence that says what to do', () => {
    const closed = join(base, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0o500)
    expect(() => StateFolder.open(closed)).toThrow(StartFailure)
  })
})

describe('the lock of a state folder', () => {
  const stays = (): boolean => false

  test('is held by one server at a time', async () => {
    const file = join(base, 'lock')
    const lock = await waitForFolder(base, file, stays)
    await expect(waitForFolder(base, file, stays)).rejects.toThrow(/is in use by another server/)
    lock.release()
    const next = await waitForFolder(base, file, stays)
    next.release()
    expect(existsSync(file)).toBe(true)
  })

  test('is waited for while its holder is on the way out', async () => {
    const file = join(base, 'lock')
    const lock = await waitForFolder(base, file, stays)
    let asked = 0
    const next = await waitForFolder(base, file, () => {
      asked += 1
      if (asked === 25) lock.release()
      return true
    })
    next.release()
    expect(asked).toBeGreaterThanOrEqual(25)
  })
})
