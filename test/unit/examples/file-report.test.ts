import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../../../examples/file-report/report.mjs', import.meta.url))
const base = mkdtempSync(join(tmpdir(), 'modelreins-report-'))
const folder = join(base, 'work')
afterAll(() => rmSync(base, { recursive: true, force: true }))

mkdirSync(join(folder, 'notes'), { recursive: true })
writeFileSync(join(base, 'outside.md'), 'not yours')
writeFileSync(
  join(folder, 'plan.md'),
  '# Plan\n\nReins hold horses; reins hold workers.\n\n## Later\nTODO: buy oats\n```\n# no heading\n```\n',
)
writeFileSync(join(folder, 'notes/a.txt'), 'horse horse horse\n')
writeFileSync(join(folder, 'notes/b.txt'), 'horse\n')
writeFileSync(join(folder, '.secret'), 'hush')
writeFileSync(join(folder, 'image.md'), Buffer.from([1, 0, 2]))
symlinkSync(join(base, 'outside.md'), join(folder, 'link.md'))

const report = (prompt: string) => spawnSync(process.execPath, [program], { cwd: folder, input: prompt, encoding: 'utf8' })

describe('the file report', () => {
  test('reads the file that the prompt names and says what is in it', () => {
    const { stdout, status } = report('Please report on plan.md.')
    expect(status).toBe(0)
    expect(stdout).toContain('## plan.md\n9 lines (2 blank)')
    expect(stdout).toMatch(/2 headings:\n {2}Plan \(line 1\)\n {4}Later \(line 5\)/)
    expect(stdout).toContain('line 6: TODO buy oats')
    expect(stdout).toContain('longest line: 3, with 38 characters')
    expect(stdout).toContain('most frequent: hold (2), reins (2)')
  })

  test('reads the files of a folder and sums up', () => {
    const { stdout } = report('compare notes/')
    expect(stdout).toContain('## notes/a.txt')
    expect(stdout).toContain('Together: 2 files, 2 lines, 4 words; most frequent: horse (4)')
  })

  test('reports on the prompt itself when it names no file', () => {
    expect(report('The quick brown fox').stdout).toContain('## the prompt itself\n1 line (0 blank), 4 words')
  })

  test.each([
    ['../outside.md', 'outside of the folder'],
    ['link.md', 'outside of the folder'],
    ['.secret', 'hidden files'],
    ['image.md', 'not text'],
    ['gone.md', 'no such file'],
  ])('leaves out %s and says why, and fails when nothing is left', (name, reason) => {
    const { stdout, status } = report(`report on ${name}`)
    expect(stdout).toMatch(new RegExp(`left out ${name.replaceAll('.', '\\.')}: .*${reason}`))
    expect(stdout).not.toContain('hush')
    expect(status).toBe(1)
  })

  test('refuses an empty prompt', () => {
    expect(report(' \n').status).toBe(2)
  })
})
