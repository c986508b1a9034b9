/** What the command line does as a process of its own when its answer cannot be written. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cliMain } from '../support/cli-process.ts'

describe('an answer that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))('ends the command with a sentence and a code, not with a stack trace', () => {
    const told = spawnSync('/bin/sh', ['-c', `"${process.execPath}" "${cliMain}" --version > /dev/full`], { encoding: 'utf8' })
    expect(told.status).toBe(74)
    expect(told.stderr).toMatch(/^modelreins-worker: standard output cannot be written: .*ENOSPC.*\n$/)
  })

  it('ends quietly when its reader has seen enough', () => {
    const told = spawnSync('/bin/sh', ['-c', `"${process.execPath}" "${cliMain}" help | head -1`], { encoding: 'utf8' })
    expect(told.stderr).toBe('')
  })
})
