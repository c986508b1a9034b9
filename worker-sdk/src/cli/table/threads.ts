/** Responsible for the table's rows about threads. It runs nothing. */
import { efforts, modes } from '@modelreins/contract'
import type { Command } from '../arguments/command.ts'
import { memberFlags, yesFlag } from './flags.ts'

const limit = { name: 'limit', value: 'N', kind: 'count', about: 'How many (default: 50)' } as const
const cursor = { name: 'cursor', value: 'TEXT', about: 'Go on where the last list ended' } as const

export const threadCommands: readonly Command[] = [
  {
    words: ['threads'],
    about: 'List threads, the last active first',
    flags: [
      { name: 'text', value: 'TEXT', about: 'Only those with this in their title or id' },
      { name: 'worker', value: 'NAME', about: 'Only those with a job of this worker' },
      { name: 'member', value: 'NAME', about: 'Only those with a job that this member dispatched' },
      { name: 'running', about: 'Only those with a job that has not ended' },
      { name: 'since', value: 'WHEN', about: 'Only those active since: a time, or how long ago, such as 2d' },
      { name: 'archived', about: 'Also those that are archived' },
      limit,
      cursor,
      ...memberFlags,
    ],
    examples: [
      { line: 'threads', about: 'Which conversations are there?' },
      { line: 'threads --text release --since 7d', about: 'About a release, in the last week' },
    ],
  },
  {
    words: ['threads', 'delete'],
    about: 'Erase a thread for good: prompts, results, output and files of its jobs; the audit trail stays',
    details: [
      'A thread with jobs that have not ended is not deleted, unless --abort ends them first. What cannot be reached at once is erased in the background; the same command says how far that is.',
    ],
    arguments: [{ name: 'ID', about: 'Id of the thread' }],
    flags: [{ name: 'abort', about: 'Abort its jobs that have not ended, first' }, yesFlag, ...memberFlags],
    examples: [
      { line: 'threads delete release-42', about: 'Show what it is, confirm, erase' },
      { line: 'threads delete release-42 --abort --yes', about: 'Stop and erase it, in a script' },
    ],
  },
  {
    words: ['thread'],
    about: 'Show a thread with its turns; name, archive or abort it, or set what its jobs have',
    arguments: [{ name: 'ID', about: 'Id of the thread, as --thread of dispatch names it' }],
    flags: [
      { name: 'title', value: 'TEXT', about: 'Give it this title' },
      { name: 'archive', about: 'Leave it out of the list' },
      { name: 'restore', about: 'Put it back into the list' },
      { name: 'abort', about: 'Abort every job of it that has not ended' },
      { name: 'reason', value: 'TEXT', about: 'With --abort: kept with the jobs' },
      { name: 'default-effort', value: 'TIER', choices: efforts, about: 'Effort of its jobs unless they say otherwise' },
      { name: 'default-mode', value: 'WHERE', choices: modes, about: 'Mode of its jobs unless they say otherwise' },
      { name: 'default-target', value: 'WORKER', about: 'Worker of its jobs unless they say otherwise' },
      { name: 'default-capability', value: 'NAME', about: 'Capability of its jobs unless they say otherwise' },
      { name: 'no-defaults', about: 'Forget the defaults that are not given now' },
      limit,
      cursor,
      ...memberFlags,
    ],
    examples: [
      { line: 'thread release-42', about: 'What was said' },
      { line: 'thread release-42 --abort', about: 'Stop everything in it' },
      { line: 'thread release-42 --title "Release 42" --default-effort deep', about: 'Name it, and think harder from now on' },
    ],
  },
]
