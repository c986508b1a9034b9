import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
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

  test('that others may write is refused, and what to do is said', () => {
    for (const open of [0o777, 0o775, 0o1777, 0o722]) {
      chmodSync(base, open)
      expect(() => StateFolder.open(base)).toThrow(/may be written by others.*chmod go-w .*--state DIR/)
    }
    chmodSync(base, 0o755)
    expect(() => StateFolder.open(base)).not.toThrow()
  })

  test('in a folder where everybody may replace it is refused; /tmp with its sticky bit is not such a folder', () => {
    const state = join(base, 'shared', 'state')
    mkdirSync(join(base, 'shared'))
    chmodSync(join(base, 'shared'), 0o777)
    expect(() => StateFolder.open(state)).toThrow(/Every user may replace the contents of .*chmod o-w/)
    chmodSync(join(base, 'shared'), 0o1777)
    expect(() => StateFolder.open(state)).not.toThrow()
  })

  test('in which somebody else has put the keys is refused', () => {
    writeFileSync(join(base, 'secrets.json'), '{"signing":"a:x","master":"mrm_planted"}')
    chmodSync(join(base, 'secrets.json'), 0o666)
    expect(() => StateFolder.open(base)).toThrow(/secrets\.json may be written by others/)
  })

  test.skipIf(process.getuid?.() !== 0)('that belongs to another user is refused, as is a link or a file of theirs in it', () => {
    const nobody = 65_534
    const planted = join(base, 'planted')
    mkdirSync(planted, { mode: 0o700 })
    chownSync(planted, nobody, nobody)
    expect(() => StateFolder.open(planted)).toThrow(/belongs to another user \(65534, and this is 0\)/)
    symlinkSync(join(base, 'elsewhere'), join(base, 'link'))
    lchownSync(join(base, 'link'), nobody, nobody)
    expect(() => StateFolder.open(join(base, 'link'))).toThrow(/belongs to another user/)
    const folder = join(base, 'own')
    mkdirSync(folder, { mode: 0o700 })
    writeFileSync(join(folder, 'secrets.json'), '{}', { mode: 0o600 })
    chownSync(join(folder, 'secrets.json'), nobody, nobody)
    expect(() => StateFolder.open(folder)).toThrow(/secrets\.json belongs to another user/)
  })

  test('takes back what a backup left readable', () => {
    StateFolder.open(base).secrets()
    chmodSync(join(base, 'secrets.json'), 0o644)
    chmodSync(join(base, 'data'), 0o755)
    StateFolder.open(base)
    expect([mode(join(base, 'secrets.json')), mode(join(base, 'data'))]).toEqual([0o600, 0o700])
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
