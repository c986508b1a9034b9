/** Responsible for the table's rows about schedules. It runs nothing. */
import { catchUps, overlaps } from '@modelreins/contract'
import type { Argument, Command } from '../arguments/command.ts'
import { memberFlags, yesFlag } from './flags.ts'
import { requestFlags } from './jobs.ts'

const schedule: Argument = { name: 'ID', about: 'Id of the schedule' }

export const scheduleCommands: readonly Command[] = [
  {
    words: ['schedules'],
    about: 'List schedules, which dispatch jobs repeatedly',
    flags: memberFlags,
    examples: [{ line: 'schedules', about: 'Schedules and their next due times' }],
  },
  {
    words: ['schedules', 'create'],
    about: 'Create a schedule that dispatches a job by cron or at an interval',
    details: [
      'The job has the same flags as `dispatch`. If no worker is live at a due time, the job waits with --queue; without --queue that run is refused.',
    ],
    arguments: [{ name: 'PROMPT', optional: true, many: true, about: 'Prompt; `-` or none: read standard input' }],
    flags: [
      { name: 'name', value: 'NAME', about: 'Name of the schedule (default: the beginning of the prompt)' },
      { name: 'cron', value: 'EXPR', about: 'Five fields such as "0 3 * * MON-FRI", or @daily' },
      { name: 'every', value: 'TIME', kind: 'duration', about: 'Instead of --cron: interval between due times, such as 90s or 6h' },
      { name: 'timezone', value: 'ZONE', about: 'With --cron: IANA time zone such as Europe/Berlin (default: UTC)' },
      {
        name: 'overlap',
        value: 'WHAT',
        choices: overlaps,
        about: `If the previous job has not ended: ${overlaps.join(', ')} (default: skip)`,
      },
      {
        name: 'catch-up',
        value: 'WHICH',
        choices: catchUps,
        about: `Due times missed while the server was down: ${catchUps.join(', ')} (default: last)`,
      },
      { name: 'jitter', value: 'TIME', kind: 'duration', about: 'Maximum random delay, up to 1h' },
      { name: 'starts-at', value: 'TIME', about: 'First possible due time (ISO 8601), or a delay from now' },
      { name: 'ends-at', value: 'TIME', about: 'Last possible due time (ISO 8601), or a delay from now' },
      { name: 'max-runs', value: 'N', kind: 'count', about: 'End after this number of jobs' },
      { name: 'paused', about: 'Create it paused' },
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
    examples: [{ line: 'schedules show sc4k2m9x7q', about: 'Its due times and last runs' }],
  },
  {
    words: ['schedules', 'pause'],
    about: 'Pause a schedule until it is resumed',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules pause sc4k2m9x7q', about: 'Pause it' }],
  },
  {
    words: ['schedules', 'resume'],
    about: 'Resume a paused schedule; missed due times are not caught up',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules resume sc4k2m9x7q', about: 'Continue with the next due time' }],
  },
  {
    words: ['schedules', 'run'],
    about: 'Dispatch the job of a schedule now and print its id',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules run sc4k2m9x7q', about: 'One extra run' }],
  },
  {
    words: ['schedules', 'runs'],
    about: 'List the runs of a schedule and their results, newest first',
    arguments: [schedule],
    flags: [
      { name: 'limit', value: 'N', kind: 'count', about: 'Maximum number of rows (default: 50)' },
      { name: 'cursor', value: 'TEXT', about: '`next_cursor` of the previous page' },
      ...memberFlags,
    ],
    examples: [{ line: 'schedules runs sc4k2m9x7q', about: 'Results of the last runs' }],
  },
  {
    words: ['schedules', 'approve'],
    about: 'Approve a schedule, so that its jobs with the tier approve need no separate decision',
    details: [
      'Shows the due times and the job, and asks for confirmation. Any change to these ends the approval. The member who created or last changed the schedule cannot approve it, unless the policy of the capability allows self-approval.',
    ],
    arguments: [schedule],
    flags: [
      {
        name: 'expires-in',
        value: 'TIME',
        kind: 'duration',
        about: 'How long the approval is valid, such as 7d; at most 366 days (default: 30d)',
      },
      yesFlag,
      ...memberFlags,
    ],
    examples: [{ line: 'schedules approve sc4k2m9x7q --expires-in 7d', about: 'Approve its jobs for a week' }],
  },
  {
    words: ['schedules', 'revoke-approval'],
    about: 'Revoke all approvals of a schedule; each of its jobs needs a decision again',
    arguments: [schedule],
    flags: memberFlags,
    examples: [{ line: 'schedules revoke-approval sc4k2m9x7q', about: 'Also holds jobs that have not started' }],
  },
  {
    words: ['schedules', 'delete'],
    about: 'Delete a schedule and the list of its runs; its jobs stay',
    arguments: [schedule],
    flags: [yesFlag, ...memberFlags],
    examples: [{ line: 'schedules delete sc4k2m9x7q', about: 'Delete it' }],
  },
]
