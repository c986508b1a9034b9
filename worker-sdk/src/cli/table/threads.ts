/** Responsible for the table's rows about threads. It runs nothing. */
import { efforts, modes } from '@modelreins/contract'
import type { Command } from '../arguments/command.ts'
import { memberFlags, yesFlag } from './flags.ts'

const limit = { name: 'limit', value: 'N', kind: 'count', about: 'Maximum number of rows (default: 50)' } as const
const cursor = { name: 'cursor', value: 'TEXT', about: '`next_cursor` of the previous page' } as const

export const threadCommands: readonly Command[] = [
  {
    words: ['threads'],
    about: 'List threads, the last active first',
    flags: [
      { name: 'text', value: 'TEXT', about: 'Only threads with this text in the title or id' },
      { name: 'worker', value: 'NAME', about: 'Only threads with a job of this worker' },
      { name: 'member', value: 'NAME', about: 'Only threads with a job that this member dispatched' },
      { name: 'running', about: 'Only threads with an unfinished job' },
      { name: 'since', value: 'WHEN', about: 'Only threads active since this time (ISO 8601), or a time ago (2d)' },
      { name: 'archived', about: 'Include archived threads' },
      limit,
      cursor,
      ...memberFlags,
    ],
    examples: [
      { line: 'threads', about: 'All threads that are not archived' },
      { line: 'threads --text release --since 7d', about: 'Threads with "release" in the title or id, active in the last week' },
    ],
  },
  {
    words: ['threads', 'delete'],
    about: 'Erase a thread permanently: prompts, results, output and files of its jobs; the audit trail stays',
    details: [
      'A thread with unfinished jobs is deleted only with --abort. Data that cannot be reached at once is erased in the background; run the command again to see the progress.',
    ],
    arguments: [{ name: 'ID', about: 'Id of the thread' }],
    flags: [{ name: 'abort', about: 'Abort its unfinished jobs first' }, yesFlag, ...memberFlags],
    examples: [
      { line: 'threads delete release-42', about: 'Show, confirm, erase' },
      { line: 'threads delete release-42 --abort --yes', about: 'In a script: abort its jobs and erase it' },
    ],
  },
  {
    words: ['thread'],
    about: 'Show a thread with its turns; with a flag, rename, archive or abort it, or set defaults of its jobs',
    arguments: [{ name: 'ID', about: 'Id of the thread, as in --thread of dispatch' }],
    flags: [
      { name: 'title', value: 'TEXT', about: 'New title' },
      { name: 'archive', about: 'Archive it: hide it from the list' },
      { name: 'restore', about: 'Show it in the list again' },
      { name: 'abort', about: 'Abort its unfinished jobs' },
      { name: 'reason', value: 'TEXT', about: 'With --abort: reason, stored with the jobs' },
      { name: 'default-effort', value: 'TIER', choices: efforts, about: 'Default effort of its jobs' },
      { name: 'default-mode', value: 'WHERE', choices: modes, about: 'Default mode of its jobs' },
      { name: 'default-target', value: 'WORKER', about: 'Default target of its jobs' },
      { name: 'default-capability', value: 'NAME', about: 'Default capability of its jobs' },
      { name: 'no-defaults', about: 'Remove the defaults that are not given now' },
      limit,
      cursor,
      ...memberFlags,
    ],
    examples: [
      { line: 'thread release-42', about: 'All turns of the thread' },
      { line: 'thread release-42 --abort', about: 'Abort all its jobs' },
      { line: 'thread release-42 --title "Release 42" --default-effort deep', about: 'Rename it, and use more effort from now on' },
    ],
  },
]
