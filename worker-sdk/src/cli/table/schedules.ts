/** Responsible for the table's rows about schedules. It runs nothing. */
import { catchUps, overlaps } from '@modelreins/contract'
import type { Argument, Command } from '../arguments/command.ts'
import { memberFlags, yesFlag } from './flags.ts'
import { requestFlags } from './jobs.ts'

const schedule: Argument = { name: 'ID', about: 'Id of the schedule' }

export const scheduleCommands: readonly Command[] = [
  {
    words: ['schedules'],
    about: 'List schedules: jobs that are dispatched again and again',
    flags: memberFlags,
    examples: [{ line: 'schedules', about: 'What is due next' }],
  },
  {
    words: ['schedules', 'create'],
    about: 'Dispatch a job again and again, by cron or every so often',
    details: [
      'The job is said as for `dispatch`. With --queue it waits for a worker when none is there at a due time; without, that run is refused.',
    ],
    arguments: [{ name: 'PROMPT', optional: true, many: true, about: 'The prompt; `-` or nothing: from standard input' }],
    flags: [
      { name: 'name', value: 'NAME', about: 'A name for people to read (default: the beginning of the prompt)' },
      { name: 'cron', value: 'EXPR', about: 'Five fields such as "0 3 * * MON-FRI", or @daily' },
      { name: 'every', value: 'TIME', kind: 'duration', about: 'Instead of --cron: from one due time to the next, such as 90s or 6h' },
      { name: 'timezone', value: 'ZONE', about: 'With --cron: IANA time zone such as Europe/Berlin (default: UTC)' },
      {
        name: 'overlap',
        value: 'WHAT',
        choices: overlaps,
        about: `While the job before has not ended: ${overlaps.join(', ')} (default: skip)`,
      },
      {
        name: 'catch-up',
        value: 'WHICH',
        choices: catchUps,
        about: `Due times missed while the server was down: ${catchUps.join(', ')} (default: last)`,
      },
      { name: 'jitter', value: 'TIME', kind: 'duration', about: 'Random delay of at most so much, 1h or less' },
      { name: 'starts-at', value: 'TIME', about: 'Not due before this time (ISO 8601), or before this long from now' },
      { name: 'ends-at', value: 'TIME', about: 'Not due after this time, or after this long from now' },
      { name: 'max-runs', value: 'N', kind: 'count', about: 'Ends after this many jobs' },
      { name: 'paused', about: 'Make it, and dispatch nothing yet' },
      ...requestFlags,
      ...memberFlags,
    ],
    examples: [
      { line: 'schedules create "Report on yesterday" --cron "0 3 * * *" --timezone Europe/Berlin --queue', about: 'Each night at three' },
      { line: 'schedules create "Check the mail" --every 15m --effort trivial --overlap skip', about: 'Every quarter of an hour' },
    ],
  },
  {
    words: ['schedules', 'show'],
    about: 'Show one schedule, its next and last runs',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules show sc4k2m9x7q', about: 'When is it due?' }],
  },
  {
    words: ['schedules', 'pause'],
    about: 'Dispatch nothing for a schedule until it is resumed',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules pause sc4k2m9x7q', about: 'Not this week' }],
  },
  {
    words: ['schedules', 'resume'],
    about: 'Resume a paused schedule; what passed meanwhile is not made up for',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules resume sc4k2m9x7q', about: 'From the next due time on' }],
  },
  {
    words: ['schedules', 'run'],
    about: 'Dispatch the job of a schedule now and print its id',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules run sc4k2m9x7q', about: 'Without waiting for the night' }],
  },
  {
    words: ['schedules', 'runs'],
    about: 'List what became of each due time, newest first',
    arguments: [schedule],
    flags: [
      { name: 'limit', value: 'N', kind: 'count', about: 'How many (default: 50)' },
      { name: 'cursor', value: 'TEXT', about: 'Go on where the last list ended' },
      ...memberFlags,
    ],
    examples: [{ line: 'schedules runs sc4k2m9x7q', about: 'Did it run?' }],
  },
  {
    words: ['schedules', 'approve'],
    about: 'Approve a schedule: its jobs under the tier approve need no further approval',
    details: [
      'Shows when it is due and its job, and asks. The approval is about exactly that: any change of it asks anew. Whoever made or changed the schedule cannot approve it, unless the policy of its capability allows self-approval.',
    ],
    arguments: [schedule],
    flags: [
      { name: 'expires-in', value: 'TIME', kind: 'duration', about: 'How long it counts, such as 7d; at most 366 days (default: 30d)' },
      yesFlag,
      ...memberFlags,
    ],
    examples: [{ line: 'schedules approve sc4k2m9x7q --expires-in 7d', about: 'For a week' }],
  },
  {
    words: ['schedules', 'revoke-approval'],
    about: 'Revoke all approvals of a schedule: its jobs ask each time again',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules revoke-approval sc4k2m9x7q', about: 'Also for jobs that wait for their start' }],
  },
  {
    words: ['schedules', 'delete'],
    about: 'Delete a schedule and the list of its runs; its jobs stay',
    arguments: [schedule],
    flags: [yesFlag, ...memberFlags],
    examples: [{ line: 'schedules delete sc4k2m9x7q', about: 'Never again' }],
  },
]
