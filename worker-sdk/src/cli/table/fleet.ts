/** Responsible for the table's rows about the fleet: status, workers, kill. It runs nothing. */
import { killswitchLevels, riskTiers, workerKinds } from '@modelreins/contract'
import type { Argument, Command, Flag } from '../command.ts'
import { keepRunningFlag, memberFlags, yesFlag } from './flags.ts'

const worker: Argument = { name: 'WORKER', about: 'Name or worker_id' }
const capability: Flag = {
  name: 'capability',
  value: 'NAME=TIER',
  many: true,
  about: `Capability and its risk tier (${riskTiers.join(', ')}); may be repeated`,
}
const levels = killswitchLevels.map((name, level) => `${level} ${name}`).slice(1)

export const fleetCommands: readonly Command[] = [
  {
    words: ['status'],
    about: 'Show killswitch, workers and queue',
    flags: [
      { name: 'watch', about: 'Show it again whenever it changes, at most once a second, until Ctrl-C; with --json one line each time' },
      ...memberFlags,
    ],
    examples: [
      { line: 'status', about: 'Current state of the tenant' },
      { line: 'status --watch', about: 'The same, updated by the event feed' },
    ],
  },
  {
    words: ['events'],
    about: 'Follow the event feed of the tenant: jobs, workers, reviews, artifacts, killswitch',
    details: [
      'Prints sequence number, time, action, subject, actor and summary of every event; a lost connection is reopened after the last event, without a gap. Ctrl-C ends it with exit code 130.',
      'When events after --after are no longer kept, a warning says so and the feed continues from now: fetch the current state, for example with `status`.',
    ],
    flags: [
      { name: 'follow', short: 'f', about: 'Print events as they happen; required' },
      { name: 'after', value: 'SEQ', kind: 'count', about: 'Begin with the events after this sequence number; absent: from now' },
      { name: 'noun', value: 'A,B', about: 'Only these: job, worker, review, grant, artifact, killswitch, presence, ...' },
      { name: 'id', value: 'SUBJECT', about: 'Only this subject, such as job:12 or review:3' },
      { name: 'job', value: 'ID', kind: 'count', about: 'Only events about this job' },
      { name: 'worker', value: 'ID', about: 'Only events about the worker with this worker_id' },
      ...memberFlags,
    ],
    examples: [
      { line: 'events --follow', about: 'Everything that your role may read' },
      { line: 'events --follow --noun job,review --json', about: 'One JSON frame per line, for a script' },
      { line: 'events --follow --after 4711', about: 'Resume after the last event that was seen' },
    ],
  },
  {
    words: ['workers'],
    about: 'List workers',
    flags: [{ name: 'revoked', about: 'Those that were revoked as well' }, ...memberFlags],
    examples: [{ line: 'workers', about: 'Who is there, how busy, last seen when' }],
  },
  {
    words: ['workers', 'show'],
    about: 'Show one worker',
    arguments: [worker],
    flags: memberFlags,
    examples: [{ line: 'workers show my-triager', about: 'Capabilities, config, presence' }],
  },
  {
    words: ['workers', 'register'],
    about: 'Register a worker and print the one-time view URL of its token',
    details: ['Open the URL once, or give it to the machine: `modelreins-worker config set token <URL>`.'],
    arguments: [{ name: 'NAME', about: 'Letters, digits and . _ @ : -' }],
    flags: [
      capability,
      { name: 'description', value: 'TEXT', about: 'What it does' },
      { name: 'kind', value: 'KIND', choices: workerKinds, about: `${workerKinds.join(', ')} (default: silicon)` },
      { name: 'secret', value: 'REF', many: true, about: 'vault:// reference that it needs; may be repeated' },
      { name: 'may-raise-killswitch', about: 'It may raise the killswitch, never clear it' },
      ...memberFlags,
    ],
    examples: [
      { line: 'workers register my-triager --capability email.triage=auto --capability email.reply=audit', about: 'Two capabilities' },
    ],
  },
  {
    words: ['workers', 'set'],
    about: 'Change what a worker may do and how it runs, while it runs',
    details: [
      'KEY=VALUE changes its config: slots, tags, networks, model, provider, poll_ms, and for the Director cost, quality, speed (0 to 1) and locality. `KEY=` goes back to what the worker itself was started with.',
      'Capabilities replace those it has.',
    ],
    arguments: [worker, { name: 'KEY=VALUE', optional: true, many: true, about: 'Config to change' }],
    flags: [capability, { name: 'description', value: 'TEXT', about: 'What it does' }, ...memberFlags],
    examples: [{ line: 'workers set my-triager slots=4 model=opus', about: 'More at a time, another model' }],
  },
  {
    words: ['workers', 'pause'],
    about: 'Offer nothing more to a worker; what runs goes on',
    arguments: [worker],
    flags: memberFlags,
    examples: [{ line: 'workers pause my-triager', about: 'Until workers resume' }],
  },
  {
    words: ['workers', 'resume'],
    about: 'Offer work to a paused worker again',
    arguments: [worker],
    flags: memberFlags,
    examples: [{ line: 'workers resume my-triager', about: 'Back to work' }],
  },
  {
    words: ['workers', 'rotate'],
    about: 'Replace the token of a worker; the old one stops at once, and so do its running attempts',
    arguments: [worker],
    flags: [keepRunningFlag, yesFlag, ...memberFlags],
    examples: [{ line: 'workers rotate my-triager', about: 'Prints the view URL of the new token' }],
  },
  {
    words: ['workers', 'revoke'],
    about: 'Revoke a worker for good: the row stays, the token stops at once',
    arguments: [worker],
    flags: [yesFlag, ...memberFlags],
    examples: [{ line: 'workers revoke my-triager', about: 'Its running jobs go to other workers' }],
  },
  {
    words: ['kill'],
    about: 'Pull the reins: raise the killswitch, and wait until every worker has acknowledged',
    details: [
      `Levels: ${levels.join(', ')}. From 3 on running jobs are aborted and their processes killed. Nothing is asked before: this is for emergencies.`,
      'The exit code is 0 when every worker has acknowledged, 75 when some have not within --timeout; those are listed.',
    ],
    flags: [
      { name: 'level', value: 'N', kind: 'count', choices: ['1', '2', '3', '4'], about: `${levels.join(', ')} (default: 3)` },
      { name: 'reason', value: 'TEXT', about: 'Told to every worker, kept in the audit trail' },
      { name: 'lower', about: 'With --level: lower it to this level; without, a lower level than the one in force is refused' },
      { name: 'clear', about: 'Clear the killswitch; workers stay paused' },
      { name: 'resume-all', about: 'With --clear: workers take work again' },
      { name: 'timeout', value: 'TIME', kind: 'duration', about: 'How long to wait for acknowledgements (default: 30s)' },
      { name: 'no-wait', about: 'Raise it and return' },
      ...memberFlags,
    ],
    examples: [
      { line: 'kill --reason "runaway agent"', about: 'Stop everything' },
      { line: 'kill --level 2', about: 'Drain: no new jobs, running ones finish' },
      { line: 'kill --clear --resume-all', about: 'Go on' },
    ],
  },
]
