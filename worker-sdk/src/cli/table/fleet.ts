/** Responsible for the table's rows about the fleet: status, workers, kill. */
import { killswitchLevels, riskTiers, workerKinds } from '@modelreins/contract'
import type { Argument, Command, Flag } from '../arguments/command.ts'
import { keepRunningFlag, memberFlags, yesFlag } from './flags.ts'

const worker: Argument = { name: 'WORKER', about: 'Name or worker_id' }
export const capability: Flag = {
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
      'Prints the sequence number, time, action, subject, actor and summary of each event. After a lost connection it continues after the last event, without a gap. Ctrl-C ends it with exit code 130.',
      'If the events after --after are no longer stored, the command prints a warning and continues from now. Then fetch the current state, for example with `status`.',
    ],
    flags: [
      { name: 'follow', short: 'f', about: 'Print events as they happen; required' },
      { name: 'after', value: 'SEQ', kind: 'count', about: 'Start after this sequence number (default: now)' },
      { name: 'noun', value: 'A,B', about: 'Only events about these: job, worker, review, grant, artifact, killswitch, presence, ...' },
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
    about: 'List workers with presence and load',
    flags: [{ name: 'revoked', about: 'Include revoked workers' }, ...memberFlags],
    examples: [{ line: 'workers', about: 'Presence, load, last contact' }],
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
      { name: 'description', value: 'TEXT', about: 'Description' },
      { name: 'kind', value: 'KIND', choices: workerKinds, about: `${workerKinds.join(', ')} (default: silicon)` },
      { name: 'secret', value: 'REF', many: true, about: 'vault:// reference that the worker needs; may be repeated' },
      { name: 'may-raise-killswitch', about: 'Allow the worker to raise the killswitch (never to clear it)' },
      ...memberFlags,
    ],
    examples: [
      { line: 'workers register my-triager --capability email.triage=auto --capability email.reply=audit', about: 'Two capabilities' },
    ],
  },
  {
    words: ['workers', 'set'],
    about: 'Change capabilities and config of a worker, even while it runs',
    details: [
      'KEY=VALUE changes its config: slots, tags, networks, model, provider, poll_ms. For the Director: model_class, cost, quality, speed (0 to 1), locality, price (USD per million tokens, such as 3/15), and account (workers with the same account are parked together). concurrency_key=workdir allows one job at a time in its directory, over all workers with this setting. `KEY=` resets a value to the one that the worker was started with.',
      '--capability replaces the whole list of capabilities.',
    ],
    arguments: [worker, { name: 'KEY=VALUE', optional: true, many: true, about: 'Config to change' }],
    flags: [capability, { name: 'description', value: 'TEXT', about: 'Description' }, ...memberFlags],
    examples: [{ line: 'workers set my-triager slots=4 model=opus', about: 'Four slots, another model' }],
  },
  {
    words: ['workers', 'pause'],
    about: 'Pause a worker: no new offers; running attempts continue',
    arguments: [worker],
    flags: memberFlags,
    examples: [{ line: 'workers pause my-triager', about: 'Pause until `workers resume`' }],
  },
  {
    words: ['workers', 'resume'],
    about: 'Resume a paused worker',
    arguments: [worker],
    flags: memberFlags,
    examples: [{ line: 'workers resume my-triager', about: 'Accept new offers again' }],
  },
  {
    words: ['workers', 'unpark'],
    about: 'Offer jobs again to a worker whose account was out of quota, and to all workers of that account',
    arguments: [worker],
    flags: memberFlags,
    examples: [{ line: 'workers unpark my-triager', about: 'Its quota is back early' }],
  },
  {
    words: ['workers', 'rotate'],
    about: 'Rotate the token of a worker; the old token and its running attempts end at once',
    arguments: [worker],
    flags: [keepRunningFlag, yesFlag, ...memberFlags],
    examples: [{ line: 'workers rotate my-triager', about: 'Prints the view URL of the new token' }],
  },
  {
    words: ['workers', 'revoke'],
    about: 'Revoke a worker permanently; its token ends at once, its name stays in the history',
    arguments: [worker],
    flags: [yesFlag, ...memberFlags],
    examples: [{ line: 'workers revoke my-triager', about: 'Running jobs are retried on other workers' }],
  },
  {
    words: ['kill'],
    about: 'Raise the killswitch and wait until every worker has acknowledged',
    details: [
      `Levels: ${levels.join(', ')}. From level 3 running jobs are aborted and their processes killed. There is no confirmation prompt.`,
      'The exit code is 0 when every worker has acknowledged, and 75 when some have not within --timeout. These workers are listed.',
    ],
    flags: [
      { name: 'level', value: 'N', kind: 'count', choices: ['1', '2', '3', '4'], about: `${levels.join(', ')} (default: 3)` },
      { name: 'reason', value: 'TEXT', about: 'Reason, sent to every worker and stored in the audit trail' },
      { name: 'lower', about: 'With --level: allow a level below the current one' },
      { name: 'clear', about: 'Clear the killswitch; workers stay paused' },
      { name: 'resume-all', about: 'With --clear: resume every worker' },
      { name: 'timeout', value: 'TIME', kind: 'duration', about: 'How long to wait for acknowledgements (default: 30s)' },
      { name: 'no-wait', about: 'Return without waiting' },
      ...memberFlags,
    ],
    examples: [
      { line: 'kill --reason "runaway agent"', about: 'Stop everything' },
      { line: 'kill --level 2', about: 'Drain: no new jobs, running ones finish' },
      { line: 'kill --clear --resume-all', about: 'Clear it and resume every worker' },
    ],
  },
]
