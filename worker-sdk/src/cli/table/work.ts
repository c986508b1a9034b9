/** Responsible for the table's rows about jobs that a member does themselves. It runs nothing. */
import type { Argument, Command, Flag } from '../arguments/command.ts'
import { capability } from './fleet.ts'
import { memberFlags } from './flags.ts'

const id: Argument = { name: 'ID', about: 'Number of the job' }
const reason: Flag = { name: 'reason', value: 'TEXT', about: 'Reason, stored with the job' }
const file: Flag = { name: 'file', value: 'FILE', complete: 'file', about: 'Read the result from this file; `-`: standard input' }

export const workCommands: readonly Command[] = [
  {
    words: ['work'],
    about: 'Show your inbox: your jobs in hand, jobs on offer to you, and recently ended jobs',
    details: ['For members who do jobs themselves, with their own key. Run `work join` first; until then no jobs are offered to you.'],
    flags: [...memberFlags],
    examples: [{ line: 'work', about: 'Jobs for you' }],
  },
  {
    words: ['work', 'join'],
    about: 'Start taking jobs as a person; the first time, this creates a worker of kind carbon for you',
    flags: [
      { name: 'name', value: 'NAME', about: 'Name that jobs use as their target (default: derived from your name)' },
      capability,
      ...memberFlags,
    ],
    examples: [{ line: 'work join --name rosa --capability contract.sign=audit', about: 'Take jobs, with one capability' }],
  },
  {
    words: ['work', 'leave'],
    about: 'Stop taking jobs; jobs in hand stay yours',
    flags: [...memberFlags],
    examples: [{ line: 'work leave', about: 'Get no more offers' }],
  },
  {
    words: ['work', 'show'],
    about: 'Show one job of your inbox, with its context and files',
    arguments: [id],
    flags: [...memberFlags],
    examples: [{ line: 'work show 12', about: 'Prompt, context and files' }],
  },
  {
    words: ['work', 'start'],
    about: 'Start a job that is on offer to you',
    arguments: [id],
    flags: [...memberFlags],
    examples: [{ line: 'work start 12', about: 'The job is yours until you end it or hand it back' }],
  },
  {
    words: ['work', 'note'],
    about: 'Add a note to a job in hand; it is streamed as output of the job',
    arguments: [id, { name: 'TEXT', optional: true, many: true, about: 'The note; `-` or none: read standard input' }],
    flags: [...memberFlags],
    examples: [{ line: 'work note 12 "They call back at three"', about: 'Inform the people who wait for the job' }],
  },
  {
    words: ['work', 'attach'],
    about: 'Attach files to a job in hand',
    arguments: [id, { name: 'FILE', many: true, complete: 'file', about: 'Files to attach' }],
    flags: [...memberFlags],
    examples: [{ line: 'work attach 12 signed.pdf', about: 'Attach a file to the job' }],
  },
  {
    words: ['work', 'done'],
    about: 'End a job in hand with a result in Markdown',
    arguments: [id, { name: 'RESULT', optional: true, many: true, about: 'The result' }],
    flags: [file, ...memberFlags],
    examples: [
      { line: 'work done 12 --file result.md', about: 'Result from a file' },
      { line: 'work done 12 "Signed on Monday"', about: 'Result on the command line' },
    ],
  },
  {
    words: ['work', 'failed'],
    about: 'End a job in hand as failed, permanently',
    arguments: [id],
    flags: [reason, ...memberFlags],
    examples: [{ line: 'work failed 12 --reason "The contract was withdrawn"', about: 'Fail it with a reason' }],
  },
  {
    words: ['work', 'hand-back'],
    about: 'Return a job in hand to the queue; this does not count as an attempt',
    arguments: [id],
    flags: [reason, ...memberFlags],
    examples: [{ line: 'work hand-back 12 --reason "I am away tomorrow"', about: 'For you later, or for another person' }],
  },
  {
    words: ['work', 'escalate'],
    about: 'Ask another member to settle a job in hand; opens a review with your reason and your result so far',
    arguments: [id],
    flags: [reason, file, ...memberFlags],
    examples: [{ line: 'work escalate 12 --reason "Above what I may sign" --file so-far.md', about: 'Ask for a decision' }],
  },
]
