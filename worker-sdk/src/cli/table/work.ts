/** Responsible for the table's rows about jobs that a member does themselves. It runs nothing. */
import type { Argument, Command, Flag } from '../arguments/command.ts'
import { capability } from './fleet.ts'
import { memberFlags } from './flags.ts'

const id: Argument = { name: 'ID', about: 'Number of the job' }
const reason: Flag = { name: 'reason', value: 'TEXT', about: 'Reason, kept with the job' }
const file: Flag = { name: 'file', value: 'FILE', complete: 'file', about: 'Read the result from this file; `-`: standard input' }

export const workCommands: readonly Command[] = [
  {
    words: ['work'],
    about: 'Show your inbox: jobs that you have in hand, that are on offer to you, and that ended lately',
    details: [
      'For members who do jobs themselves, as persons, with their own key. It takes jobs only once they have said so: `work join`.',
    ],
    flags: [...memberFlags],
    examples: [{ line: 'work', about: 'What is there for me to do?' }],
  },
  {
    words: ['work', 'join'],
    about: 'Take jobs as a person; the first time, this makes a worker of kind carbon for you',
    flags: [
      { name: 'name', value: 'NAME', about: 'What jobs name as their target (default: made from your name)' },
      capability,
      ...memberFlags,
    ],
    examples: [{ line: 'work join --name rosa --capability contract.sign=audit', about: 'Take jobs, and say what you can do' }],
  },
  {
    words: ['work', 'leave'],
    about: 'Take no more jobs; those in hand stay yours',
    flags: [...memberFlags],
    examples: [{ line: 'work leave', about: 'Nothing more is offered to you' }],
  },
  {
    words: ['work', 'show'],
    about: 'Show one job of your inbox, with its context and files',
    arguments: [id],
    flags: [...memberFlags],
    examples: [{ line: 'work show 12', about: 'What is asked?' }],
  },
  {
    words: ['work', 'start'],
    about: 'Start a job that is on offer to you',
    arguments: [id],
    flags: [...memberFlags],
    examples: [{ line: 'work start 12', about: 'It is yours until you say how it ended' }],
  },
  {
    words: ['work', 'note'],
    about: 'Write a note about a job in hand; it streams as its output',
    arguments: [id, { name: 'TEXT', optional: true, many: true, about: 'The note; `-` or none: read standard input' }],
    flags: [...memberFlags],
    examples: [{ line: 'work note 12 "They call back at three"', about: 'Tell whoever waits' }],
  },
  {
    words: ['work', 'attach'],
    about: 'Attach files to a job in hand',
    arguments: [id, { name: 'FILE', many: true, complete: 'file', about: 'Files to attach' }],
    flags: [...memberFlags],
    examples: [{ line: 'work attach 12 signed.pdf', about: 'Keep it with the job' }],
  },
  {
    words: ['work', 'done'],
    about: 'End a job in hand with its result, which is Markdown',
    arguments: [id, { name: 'RESULT', optional: true, many: true, about: 'The result' }],
    flags: [file, ...memberFlags],
    examples: [
      { line: 'work done 12 --file result.md', about: 'The result is in a file' },
      { line: 'work done 12 "Signed on Monday"', about: 'The result is one line' },
    ],
  },
  {
    words: ['work', 'failed'],
    about: 'End a job in hand that cannot be done: it fails for good',
    arguments: [id],
    flags: [reason, ...memberFlags],
    examples: [{ line: 'work failed 12 --reason "The contract was withdrawn"', about: 'Say why' }],
  },
  {
    words: ['work', 'hand-back'],
    about: 'Give a job in hand back to the queue; this costs none of its attempts',
    arguments: [id],
    flags: [reason, ...memberFlags],
    examples: [{ line: 'work hand-back 12 --reason "I am away tomorrow"', about: 'For you later, or for somebody else' }],
  },
  {
    words: ['work', 'escalate'],
    about: 'Have another member settle a job in hand: a review opens with the reason, and with the result so far',
    arguments: [id],
    flags: [reason, file, ...memberFlags],
    examples: [{ line: 'work escalate 12 --reason "Above what I may sign" --file so-far.md', about: 'Somebody else decides' }],
  },
]
