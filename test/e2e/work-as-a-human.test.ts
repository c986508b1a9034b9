/** Executes the examples of docs/how-to/work-as-a-human.md as they stand, and says what else the command line does for a person. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkInbox, WorkJob } from '@modelreins/contract'
import { describe, expect, it } from 'vitest'
import { desk, newHome, operator, server, useServer } from '../support/cli-machines.ts'
import { cliMain } from '../support/cli-process.ts'

useServer()

const page = readFileSync(new URL('../../docs/how-to/work-as-a-human.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map((found) => found[1] ?? '')

describe('the examples of the page', () => {
  it('do what it says, one after the other', async () => {
    const home = newHome()
    await home.run(['config', 'set', 'url', server.url])
    await home.run(['config', 'set', 'admin_token', '-'], { stdin: server.ownerKey })
    writeFileSync(join(home.folder, 'result.md'), 'Signed, **all of it**\n')
    mkdirSync(join(home.folder, '.modelreins'))
    writeFileSync(join(home.folder, '.modelreins/authorization'), `Authorization: Bearer ${server.ownerKey}\n`)
    const run = (lines: string): string => {
      const script = lines
        .replaceAll('npx modelreins-worker', `'${process.execPath}' '${cliMain}'`)
        .replaceAll('http://127.0.0.1:8787', server.url)
      return execFileSync('bash', ['-e', '-c', script], {
        cwd: home.folder,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: home.folder, NO_COLOR: '1', MODELREINS_CONFIG: home.configFile },
      })
    }
    const [join_, dispatch, does, settings, leave, rest, ...others] = examples
    expect(others).toEqual([])
    expect(run(join_ ?? '')).toContain('You take jobs as rosa')
    run(dispatch ?? '')
    expect((await operator.work.list({})).offered.map((item) => item.job_id).toSorted()).toEqual([1, 2])
    expect(run(does ?? '')).toContain('job 1 done\n')
    expect(await operator.jobs.get({ job_id: 1 })).toMatchObject({
      status: 'done',
      result: 'Signed, **all of it**\n',
      output: 'Read the annex; the amount is right\n',
    })
    expect(await operator.jobs.get({ job_id: 2 })).toMatchObject({
      status: 'pending',
      error: { type: 'handed_back', message: 'rosa handed it back: I am away tomorrow' },
    })
    run(settings ?? '')
    expect((await operator.settings.get({})).person_hand_back).toBe(172_800)
    expect(run(leave ?? '')).toBe('rosa takes no more jobs\n')
    expect(JSON.parse(run(rest ?? ''))).toMatchObject({ person: { name: 'rosa', taking: false }, offered: [] })
  })
})

describe('work', () => {
  it('says what is missing, and loses nothing', async () => {
    const home = newHome()
    const view = await desk.run(['members', 'add', 'Ada', '--role', 'reviewer'])
    await home.run(['config', 'set', 'admin_token', view.out.trim()])
    expect(await home.run(['work'])).toMatchObject({ code: 0, err: expect.stringContaining('work join') })
    expect((await home.run(['work', 'join', '--capability', 'contract.sign=auto'])).err).toContain('ask an operator')
    expect(await home.run(['work', 'join', '--json'])).toMatchObject({ code: 0 })
    const { id } = await operator.jobs.dispatch({ prompt: 'Look at it\nclosely', target: 'Ada' })
    const inbox = JSON.parse((await home.run(['work', '--json'])).out) as WorkInbox
    expect(inbox.offered.find((item) => item.job_id === id)).toMatchObject({ title: 'Look at it', why: 'It names you as its target.' })
    for (const [words, says] of [
      [['start', 'x'], 'is not the number of a job'],
      [['failed', String(id)], '--reason TEXT'],
      [['note', String(id), '  '], 'empty'],
      [['attach', String(id), 'nowhere.pdf'], 'There is no file nowhere.pdf'],
      [['done', String(id), 'a', '--file', 'b'], 'cannot be combined'],
    ] as const)
      expect(await home.run(['work', ...words])).toMatchObject({ code: 64, err: expect.stringContaining(says) })
    // Not started yet.
    expect((await home.run(['work', 'done', String(id), 'x'])).err).toContain('not in your hands')
    expect((await home.run(['work', 'start', String(id)])).out).toContain('Look at it\nclosely')
    expect((await home.run(['work', 'start', String(id)])).err).toContain('You have started job')
    writeFileSync(join(home.folder, 'seen.txt'), 'seen')
    expect((await home.run(['work', 'attach', String(id), 'seen.txt'])).out).toContain('seen.txt (4 B)')
    const shown = JSON.parse((await home.run(['work', 'show', String(id), '--json'])).out) as WorkJob
    expect(shown.files).toMatchObject([{ filename: 'seen.txt', created_by: 'member:Ada' }])
    expect(await home.run(['work', 'escalate', String(id), '--reason', 'not mine', '--file', '-'], { stdin: 'half of it' })).toMatchObject({
      code: 0,
    })
    expect(await operator.jobs.get({ job_id: id })).toMatchObject({ status: 'pending', hold: 'review', result: 'half of it' })
    expect(await home.run(['work', 'leave'])).toMatchObject({ code: 0, out: 'Ada takes no more jobs\n' })
  })

  it('is in the list of commands', () => {
    const { stdout } = spawnSync(process.execPath, [cliMain, 'work', '--help'], { encoding: 'utf8' })
    for (const word of ['start', 'done', 'hand-back', 'escalate']) expect(stdout).toContain(word)
  })
})
